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
FEPOIS = pytest.mark.filterwarnings(  # pandas 3.1 in the check "ir"; rows that fepois drops, which the tests count
    "ignore:The 'lsuffix':DeprecationWarning",
    "ignore:.*observations removed:UserWarning",
    "ignore:invalid value encountered:RuntimeWarning",
)
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


@FEPOIS
@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("zeros", ["few", "a round", "many"])
@pytest.mark.parametrize("name", ["panel", "staggered", "few"])
def test_ppml(name: str, zeros: str, weights: str | None) -> None:
    """Against fepois; it stops at a deviance that moves by 1e-12, hence 1e-6.

    The outcome is a count made of the committed y: with few zeros, with many, or without any sales in round 1. That
    round is separated; fepois is given the rows without it, since it drops singletons only before separated rows.
    """
    pyfixest = pytest.importorskip("pyfixest")
    rows = _counts(name, zeros)
    peer = _fepois(pyfixest, rows.filter((pl.col("round") > 1) | (zeros != "a round")), weights, ["fe"])
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first", weights=weights)
    fitted = evalkit.ppml(evalkit.Moments.from_frame(rows, design=design, outcomes=["y"]))
    row = evalkit.infer(fitted, "crv1").row("att")
    assert fitted.columns["log_ratio"][0] == pytest.approx(peer.coef()["treated"], rel=1e-6)
    assert row["std_error"] / (1 + row["estimate"]) == pytest.approx(peer.se()["treated"], rel=1e-6)
    assert row["n_obs"] == peer._N


@FEPOIS
def test_rows_that_are_not_separated_stay() -> None:
    """The check "ir" of pyfixest 0.60 drops 4 of 163 rows here, although the likelihood has a finite maximum with them.

    fepois without this check finds that maximum, and so does evalkit: none of the rows is separated.
    """
    pyfixest = pytest.importorskip("pyfixest")
    rows = _counts("panel", "many")
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
    fitted = evalkit.ppml(evalkit.Moments.from_frame(rows, design=design, outcomes=["y"]))
    whole, cut = (_fepois(pyfixest, rows, None, checks) for checks in (["fe"], ["fe", "ir"]))
    assert (fitted.counts.n_obs, whole._N, cut._N) == (163, 163, 159)
    assert fitted.columns["log_ratio"][0] == pytest.approx(whole.coef()["treated"], rel=1e-6)
    assert abs(fitted.columns["log_ratio"][0] - cut.coef()["treated"]) > 0.04


def _counts(name: str, zeros: str) -> pl.DataFrame:
    count = (pl.col("y").exp() * 2).round(0)
    made = {
        "few": count,
        "a round": pl.when(pl.col("round") == 1).then(0.0).otherwise(count),
        "many": (count - 3).clip(0),
    }
    return _rows(name, "first").with_columns(made[zeros].cast(pl.Float64).alias("y"))


def _fepois(pyfixest: Any, rows: pl.DataFrame, weights: str | None, checks: list[str]) -> Any:
    return pyfixest.fepois(
        REGRESSION,
        rows.to_pandas(),
        vcov={"CRV1": "village"},
        weights=weights,
        separation_check=checks,
        iwls_tol=1e-12,
        demeaner=pyfixest.MapDemeaner(fixef_tol=1e-12),
        copy_data=False,
    )
