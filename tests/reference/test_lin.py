"""Interacted covariates (Lin 2013) against estimatr's lm_lin with CR2; made by lin.R."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit import Design, Moments, Panel
from tests.reference import panels

GOLDEN = pl.read_csv(Path(__file__).parent / "lin_golden.csv")
CLOSE = 1e-9
"""Both solve in double precision; estimatr by QR of rows, evalkit by sums of squares."""


@pytest.mark.parametrize("golden", GOLDEN.to_dicts(), ids=lambda g: f"{g['weights']}-{g['covariates']}")
def test_lm_lin(golden: dict[str, str]) -> None:
    named = golden["covariates"].split(" + ")
    covariates = [c for c in named if c != "stratum"]
    design = Design(
        unit="household",
        cluster="village",
        treatment="treated",
        weights=golden["weights"] or None,
        strata="stratum" if "stratum" in named else None,
    )
    panel = Panel.from_frame(panels.read("cross"), design=design, outcome="y", covariates=covariates)
    row = evalkit.infer(evalkit.itt(panel, covariates=covariates, lin=True), "crv2").row("att")
    assert [row[k] for k in ("estimate", "std_error", "df")] == pytest.approx(
        [golden[k] for k in ("estimate", "std_error", "df")], rel=CLOSE
    )


def test_by_hand() -> None:
    """Strata of 4 and 2 households with effects 3 and 0: the mean over households is (4·3 + 2·0)/6 = 2.

    One coefficient with strata effects weighs by arms' overlap instead: 1 and ½ (4/4 and 2/4): (3 + 0)/1.5 = 2 as well
    here, since arms are halves; with 3 and 1 in the first stratum it is (3 · ¾)/(¾ + ½) = 1.8, and Lin's stays 2.
    """
    arms = [("p", 1, 3.0), ("p", 1, 3.0), ("p", 1, 3.0), ("p", 0, 0.0), ("q", 1, 5.0), ("q", 0, 5.0)]
    rows = pl.DataFrame(arms, schema=["s", "t", "y"], orient="row").with_row_index("v")
    panel = Panel.from_frame(rows, design=Design(cluster="v", treatment="t", strata="s"), outcome="y")
    assert evalkit.itt(panel).values[0] == pytest.approx(1.8, rel=1e-12)
    assert evalkit.itt(panel, lin=True).values[0] == pytest.approx(2.0, rel=1e-12)


def test_moments_do_not_suffice() -> None:
    design = Design(unit="household", cluster="village", treatment="treated")
    moments = Moments.from_frame(panels.read("cross"), design=design, outcomes=["y"])
    with pytest.raises(evalkit.UsageError, match="pass the Panel"):
        evalkit.itt(moments, lin=True)
