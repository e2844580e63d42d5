"""Household-effects DiD and CRV1 against pyfixest, on an unbalanced panel of the committed inputs."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import evalkit
from tests.reference import panels

RELATIVE = 1e-9
"""pyfixest demeans by alternating projections to 1e-10 here (its own default is 1e-6)."""
pytestmark = [  # pyfixest 0.60 with pandas 3.1; and households seen once, which one test counts
    pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.* singleton fixed effect:UserWarning"),
]
REGRESSION = "y ~ treated | household + round"


@pytest.fixture(scope="module")
def feols() -> Any:
    """Return pyfixest's feols at its tight tolerance, warmed up: the first call is slow."""
    pyfixest = pytest.importorskip("pyfixest")

    def fit(formula: str, rows: pl.DataFrame, weights: str | None) -> Any:
        tight = pyfixest.MapDemeaner(fixef_tol=1e-10)
        return pyfixest.feols(
            formula, rows.to_pandas(), vcov={"CRV1": "village"}, weights=weights, demeaner=tight, copy_data=False
        )

    return fit


def _rows(name: str, first: str) -> pl.DataFrame:
    at = pl.col(first)
    return panels.read(name).with_columns(((at > 0) & (pl.col("round") >= at)).cast(pl.Float64).alias("treated"))


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
@pytest.mark.parametrize(
    ("name", "first"), [("panel", "first"), ("staggered", "first"), ("few", "first"), ("panel", "first_member")]
)
def test_did_and_crv1(feols: Any, name: str, first: str, weights: str | None) -> None:
    rows = _rows(name, first)
    peer = feols(REGRESSION, rows, weights)
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated=first, weights=weights)
    moments = evalkit.Moments.from_frame(rows, design=design, outcomes=["y"])
    ours = evalkit.infer(evalkit.did(moments), "crv1").row("att")
    assert ours["estimate"] == pytest.approx(peer.coef()["treated"], rel=RELATIVE)
    assert ours["std_error"] == pytest.approx(peer.se()["treated"], rel=RELATIVE)
    assert ours["n_obs"] == peer._N


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
def test_covariates_from_the_panel(feols: Any, weights: str | None) -> None:
    rows = _rows("panel", "first")
    peer = feols("y ~ x + treated | household + round", rows, weights)
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first", weights=weights)
    panel = evalkit.Panel.from_frame(rows, design=design, outcome="y", covariates=["x"])
    ours = evalkit.infer(evalkit.did(panel, covariates=["x"]), "crv1").row("att")
    assert ours["estimate"] == pytest.approx(peer.coef()["treated"], rel=RELATIVE)
    assert ours["std_error"] == pytest.approx(peer.se()["treated"], rel=RELATIVE)


def test_unbalanced_panel_drops_households_seen_once(feols: Any) -> None:
    """Both leave them out and count them apart."""
    rows = _rows("panel", "first")
    once = rows.filter(pl.len().over("household") == 1).height
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
    counts = evalkit.did(evalkit.Moments.from_frame(rows, design=design, outcomes=["y"])).counts
    assert once > 0
    assert counts.n_dropped_singletons == once
    assert counts.n_obs == rows.height - once == feols(REGRESSION, rows, None)._N
