"""The worked example of docs/claims.md, read from the document, gives what the document says."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.claims import audit, read_claims


def test_the_worked_example_works(root: Path, tmp_path: Path):
    text = (root / "docs" / "claims.md").read_text(encoding="utf-8")
    example = text.split("## A worked example")[1].split("1.58亿 was rounded")[0]
    lines = [line[4:] for line in example.split("\n") if line.startswith("    ")]
    (tmp_path / "claims.toml").write_text("\n".join(lines), encoding="utf-8")
    checked = audit(read_claims(tmp_path, ["online_sales_yuan"]))
    shop, poor = checked.result("per_shop").amount, checked.result("poor").amount
    assert shop is not None
    assert poor is not None
    assert (shop.low, shop.high) == pytest.approx((1.079e6, 1.086e6), rel=1e-3)
    assert (round(poor.low, 1), round(poor.high, 1)) == (82.6, 84.0)
