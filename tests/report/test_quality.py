"""What the quality page calls the variables of a rule."""

from __future__ import annotations

from pathlib import Path

import evalkit
from evalkit.report.quality import variable_name


def test_rounds_and_enumerators_are_called_so_where_no_codebook_names_them(root: Path) -> None:
    programme = evalkit.load(root / "data_raw/suqian_post")
    labels = {"entity_id": ("主体编号", "Entity")}
    assert variable_name("entity_id+year", programme, "zh", labels) == "主体编号 + 轮次"
    assert variable_name("enumerator", programme, "en", labels) == "Enumerator"
