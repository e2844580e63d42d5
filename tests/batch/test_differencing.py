"""Pages kept from an earlier run of a part are compared with the new ones; what tells on another is withdrawn."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evalkit.batch import Request, Settings, make_plan, run_batch
from evalkit.batch.pdf import mark_of, pdf_of
from tests.batch.conftest import Project, notebook

CODE = """
from evalkit.report.origin import summarise
summarise({"zh": "甲", "en": "A"}, {"n_units": COUNT})
"""
ONE = 'programme: str = "x"\nindicator: str = "y"'
KEPT = "moz_savings/whole.html"


@pytest.mark.parametrize(("count", "stays"), [(104, False), (100, True)])
def test_a_kept_page_is_compared_with_new_ones(project: Project, tmp_path: Path, count: int, stays: bool):
    """A page with 104 households is alone at first; then a part of the plan adds one with 110: they tell of 6."""
    folder = project({"whole": CODE.replace("COUNT", str(count))})
    toml = folder / "data_raw/moz_savings/programme.toml"
    text = re.sub(r"(?m)^min_households = .*$", "min_households = 10", toml.read_text(encoding="utf-8"))
    toml.write_text(text, encoding="utf-8")
    out = tmp_path / "findings"
    run_batch(make_plan(Request(("moz_savings",))), Settings(out, 1, self_contained=True))
    paper = pdf_of(out, KEPT, "zh")
    paper.parent.mkdir(parents=True)
    digest = json.loads((out / "run.json").read_text(encoding="utf-8"))["runs"][0]["sha256"][KEPT]
    paper.write_bytes(b"%PDF-1.4 %%EOF" + mark_of(digest))
    notebook(folder / "notebooks", "part", CODE.replace("COUNT", "110"), ONE)
    result = run_batch(make_plan(Request(("moz_savings",), ("saved_q4",))), Settings(out, 1))
    pages = {row["page"] for row in json.loads((out / "run.json").read_text(encoding="utf-8"))["runs"]}
    assert (result.done, result.failed) == (1, 0)
    assert (KEPT in pages) is stays
    left = [out / KEPT, out / "moz_savings/whole.json", out / "single" / KEPT, paper]
    assert [file.exists() for file in left] == [stays] * 4
    assert "moz_savings/part-saved_q4.html" in pages
