"""Imputation and Sun–Abraham against did-imputation, diff-diff and pyfixest, on balanced and unbalanced inputs.

Estimator × weights × unbalanced × clustering; imputation.py made the golden numbers of the first two packages. Where an
event time rests on cohorts of one village only, their average is the village's own: evalkit gives no error there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import evalkit
from tests.reference import panels

GOLDEN = pl.read_csv(Path(__file__).parent / "imputation_golden.csv", null_values="")
TOLERANCE = {"did-imputation": 1e-6, "diff-diff imputation": 2e-9, "diff-diff sun_abraham": 2e-9}
"""did-imputation stops its iterations at changes of 1e-6; the golden numbers hold ten digits. Estimates are about 1."""
KEYS = ("package", "input", "sample", "cluster", "weights")
CASES = [tuple(row) for row in GOLDEN.select(KEYS).unique(maintain_order=True).iter_rows()]


def _moments(name: str, sample: str, cluster: str, weights: str | None) -> evalkit.Moments:
    rows = panels.read(name)
    if sample == "balanced":
        rows = rows.filter(pl.len().over("household") == rows["round"].n_unique())
    design = evalkit.Design(unit="household", cluster=cluster, time="round", first_treated="first", weights=weights)
    return evalkit.Moments.from_frame(rows, design=design, outcomes=["y"])


def _estimate(package: str, moments: evalkit.Moments) -> evalkit.Estimate:
    if package == "diff-diff sun_abraham":
        return evalkit.sun_abraham(moments, min_villages=1)
    return evalkit.imputation(moments, average="cluster" if package == "did-imputation" else "unit")


@pytest.mark.parametrize("case", CASES)
def test_against_independent_packages(case: tuple[str, str, str, str, str | None]) -> None:
    package = case[0]
    same = pl.all_horizontal(pl.col(k).eq_missing(v) for k, v in zip(KEYS, case, strict=True))
    golden = GOLDEN.filter(same)
    table = evalkit.infer(_estimate(package, _moments(*case[1:])), "crv1").tidy()
    ours = {r["term"]: r for r in table.to_dicts()}
    near = {"rel": 0, "abs": TOLERANCE[package]}
    alone = package == "did-imputation" and case[1] == "lone" and case[3] == "village"
    for row in golden.to_dicts():
        found = ours[row["term"]]
        assert found["estimate"] == pytest.approx(row["estimate"], **near)
        if alone and row["term"] in ("event_time=2", "event_time=3"):
            assert found["std_error"] is None
        else:
            assert found["std_error"] == pytest.approx(row["std_error"], **near)
    assert set(golden["term"]) == set(ours) - {"event_time=-1"}


def test_golden_matrix_is_whole() -> None:
    """Three packages (one with weights) × three inputs × two samples × two kinds of clusters."""
    assert len(CASES) == 4 * 3 * 2 * 2


def test_a_cohort_of_one_village_has_no_small_error() -> None:
    """Cohort 2 of `lone` is one village, and alone at event times 2 and 3: did-imputation gives .54 and .23 there.

    The jackknife leaves the village out and sees how much hangs on it: its error of att is larger.
    """
    estimate = evalkit.imputation(_moments("lone", "unbalanced", "village", None))
    assert any("a cohort is seen in one village only" in note for note in estimate.notes)
    narrow, wide = (evalkit.infer(estimate, m) for m in ("crv1", "crv3"))
    for term in ("event_time=2", "event_time=3"):
        assert narrow.row(term)["std_error"] is None
        assert wide.row(term)["std_error"] is None
    assert wide.row("att")["std_error"] > narrow.row("att")["std_error"]


def test_average_by_village_matters() -> None:
    """diff-diff averages by unit even when it clusters by village; the two differ where villages differ in size."""
    moments = _moments("staggered", "unbalanced", "village", None)
    village, unit = (evalkit.infer(evalkit.imputation(moments, average=a), "crv1") for a in ("cluster", "unit"))
    assert village.row("att")["estimate"] == unit.row("att")["estimate"]
    assert village.row("att")["std_error"] == pytest.approx(0.510332, abs=1e-6)
    assert unit.row("att")["std_error"] == pytest.approx(0.529367, abs=1e-6)


@pytest.fixture(scope="module")
def feols() -> Any:
    """Return pyfixest's feols at a tight tolerance."""
    pyfixest = pytest.importorskip("pyfixest")

    def fit(formula: str, rows: pl.DataFrame, weights: str | None) -> Any:
        tight = pyfixest.MapDemeaner(fixef_tol=1e-10)
        return pyfixest.feols(
            formula, rows.to_pandas(), vcov={"CRV1": "village"}, weights=weights, demeaner=tight, copy_data=False
        )

    return fit


def pyfixest_warns(test: Any) -> Any:
    """Let pass what pyfixest 0.60 warns of: its use of pandas 3.1, and households seen once."""
    inplace = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
    return inplace(pytest.mark.filterwarnings("ignore:.* singleton fixed effect:UserWarning")(test))


@pyfixest_warns
@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
def test_saturated(feols: Any, weights: str | None) -> None:
    """pyfixest with a dummy for each cohort and event time written out; weights of the average by hand.

    Its own saturated event study is not used: it takes the first treated round that is *observed* as the cohort.
    """
    rows = panels.read("staggered").filter(pl.len().over("household") > 1)
    since = pl.col("round") - pl.col("first")
    pairs = rows.filter(pl.col("first") > 0).select("first", since.alias("k")).unique().sort("first", "k")
    pairs = [(g, k) for g, k in pairs.iter_rows() if k != -1]
    names = [f"g{g}_{'m' if k < 0 else 'p'}{abs(k)}" for g, k in pairs]
    dummies = [
        ((pl.col("first") == g) & (since == k)).cast(pl.Float64).alias(n)
        for (g, k), n in zip(pairs, names, strict=True)
    ]
    rows = rows.with_columns(dummies)
    peer = feols(f"y ~ {' + '.join(names)} | household + round", rows, weights)
    mass = pl.lit(1.0) if weights is None else pl.col(weights)
    size = np.array(rows.select((mass * pl.col(n)).sum().alias(n) for n in names).row(0))
    beta, vcov = peer.coef()[names].to_numpy(), peer._vcov
    order = [list(peer._coefnames).index(n) for n in names]
    vcov = vcov[np.ix_(order, order)]
    table = evalkit.infer(evalkit.sun_abraham(_moments("staggered", "unbalanced", "village", weights)), "crv1")
    chosen = {
        "att": [k >= 0 for _, k in pairs],
        **{f"event_time={e}": [k == e for _, k in pairs] for e in range(4)},
    }
    for term, inside in chosen.items():
        w = np.where(inside, size, 0.0) / size[inside].sum()
        row = table.row(term)
        assert row["estimate"] == pytest.approx(w @ beta, rel=1e-8)
        assert row["std_error"] == pytest.approx(np.sqrt(w @ vcov @ w), rel=1e-8)


@pyfixest_warns
@pytest.mark.parametrize("weights", [None, "weight"])
def test_leads_of_imputation(feols: Any, weights: str | None) -> None:
    """The pre-trend regression is an ordinary one on untreated rows, with its small-sample factor."""
    since = pl.col("round") - pl.col("first")
    rows = panels.read("staggered").filter((pl.col("first") == 0) | (since < 0))
    leads = [((pl.col("first") > 0) & (since == -h)).cast(pl.Float64).alias(f"lead{h}") for h in (1, 2)]
    peer = feols("y ~ lead1 + lead2 | household + round", rows.with_columns(leads), weights)
    estimate = evalkit.imputation(_moments("staggered", "unbalanced", "village", weights), leads=2)
    table = evalkit.infer(estimate, "crv1")
    for h in (1, 2):
        row = table.row(f"event_time={-h}")
        assert row["estimate"] == pytest.approx(peer.coef()[f"lead{h}"], rel=1e-8)
        assert row["std_error"] == pytest.approx(peer.se()[f"lead{h}"], rel=1e-8)
