"""Cells of the conformance matrix that no golden row holds, against other programs in the same process.

Instrumental variables and spillovers by pyfixest, group–time effects and synthetic estimates by diff-diff, with
clusters of villages and of single households, weights, and unbalanced rows; the cut-off by rdrobust called on columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import evalkit
from evalkit import Design, Moments, Panel
from evalkit.estimators.registry import FROM_PANEL
from tests.estimators.test_discontinuity import drawn
from tests.estimators.test_spillover import grouped
from tests.reference import panels
from tests.reference.test_live_peers import CLUSTERS, DEMEANED, SOLVED, _feols, _followed

MEANS = 1e-9
"""Relative. Both sides subtract means of numbers of size 1 to 10, in another order."""
pytestmark = [
    pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.* singleton fixed effect:UserWarning"),
    pytest.mark.filterwarnings("ignore:Unbalanced panel detected:UserWarning"),
    pytest.mark.filterwarnings("ignore:pweight weights normalized:UserWarning"),
]


def _equal(row: dict[str, Any], estimate: float, std_error: float, within: float) -> None:
    assert row["estimate"] == pytest.approx(estimate, rel=within)
    assert row["std_error"] == pytest.approx(std_error, rel=within)


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("covariates", [(), ("x",)])
@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("sample", ["balanced", "unbalanced"])
def test_group_time(sample: str, cluster: str, covariates: tuple[str, ...], weights: str | None) -> None:
    """diff-diff with households seen in both rounds; by outcome regression, as its doubly robust weights are off.

    It multiplies the variance by G/(G − 1), which csdid and R did do not.
    """
    peers = pytest.importorskip("diff_diff")
    rows = _followed("staggered", sample)
    table = rows.to_pandas().assign(**{k: lambda t, k=k: t[k].astype("category").cat.codes for k in CLUSTERS})
    model = peers.CallawaySantAnna(
        control_group="not_yet_treated", estimation_method="reg", cluster=None if weights else cluster
    )
    survey = peers.SurveyDesign(weights=weights, psu=cluster) if weights else None
    peer = model.fit(
        table, "y", "household", "round", "first", covariates=list(covariates) or None, survey_design=survey
    )
    g = table[cluster].nunique()
    design = Design(unit="household", cluster=cluster, time="round", first_treated="first", weights=weights)
    panel = Panel.from_frame(rows, design=design, outcome="y", covariates=covariates)
    ours = evalkit.group_time(panel, comparison="not_yet", covariates=covariates, method="reg")
    _equal(evalkit.infer(ours, "crv1").row("att"), peer.overall_att, peer.overall_se * ((g - 1) / g) ** 0.5, MEANS)


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("covariates", [(), ("x",)])
@pytest.mark.parametrize("cluster", CLUSTERS)
def test_late(cluster: str, covariates: tuple[str, ...], weights: str | None) -> None:
    rows = panels.read("cross").with_columns(took=((pl.col("x") + 1.2 * pl.col("treated")) > 0.3).cast(pl.Float64))
    peer = _feols(f"y ~ {' + '.join(covariates) or '1'} | took ~ treated", rows, cluster, weights)
    design = Design(unit="household", cluster=cluster, treatment="treated", take_up="took", weights=weights)
    panel = Panel.from_frame(rows, design=design, outcome="y", covariates=covariates)
    row = evalkit.infer(evalkit.late(panel, covariates=covariates), "crv1").row("late")
    _equal(row, peer.coef()["took"], peer.se()["took"], SOLVED)


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("sample", ["balanced", "unbalanced"])
def test_late_ancova(sample: str, cluster: str, weights: str | None) -> None:
    """Round 4 with round 2 held fixed, of households seen in both, joined by pandas."""
    rows = _followed("panel", sample).with_columns(
        took=((pl.col("treated") > 0) & (pl.col("x") > -0.5)).cast(pl.Float64)
    )
    before = rows.filter(pl.col("round") == 2).select("household", y0="y")
    after = rows.filter(pl.col("round") == 4).join(before, on="household")
    after = after.with_columns(arm=(pl.col("first") > 0).cast(pl.Float64))
    peer = _feols("y ~ y0 | took ~ arm", after, cluster, weights)
    columns = {"unit": "household", "time": "round", "first_treated": "first", "take_up": "took"}
    panel = Panel.from_frame(rows, design=Design(cluster=cluster, weights=weights, **columns), outcome="y")
    row = evalkit.infer(FROM_PANEL["late_ancova"](panel), "crv1").row("late")
    _equal(row, peer.coef()["took"], peer.se()["took"], SOLVED)


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("missing", [-1.0, 0.2])
def test_spillover(missing: float, cluster: str, weights: str | None) -> None:
    """A dummy for each group, start and round; `direct` is the mean of its dummies by observed weight."""
    rows = grouped(7, [3, 3, 4, 4, 0, 0, 0], households=9, rounds=5, missing=missing)
    seen = rows.filter(pl.len().over("household") > 1).with_columns(one=pl.lit(1.0))
    treated = seen.filter((pl.col("first") > 0) & (pl.col("round") >= pl.col("first")))
    cells = treated.group_by("exposure", "first", "round").agg(w=pl.col(weights or "one").sum()).sort(pl.all())
    names = [f"{e}_{g}_{t}" for e, g, t, _ in cells.iter_rows()]
    own = [
        ((pl.col("exposure") == e) & (pl.col("first") == g) & (pl.col("round") == t)).cast(pl.Float64).alias(name)
        for name, (e, g, t, _) in zip(names, cells.iter_rows(), strict=True)
    ]
    peer = _feols(f"y ~ {' + '.join(names)} | household + round", seen.with_columns(own), cluster, weights)
    share = cells.select(pl.when(pl.col("exposure") == "demonstration").then("w").otherwise(0.0))["w"].to_numpy()
    share = share / share.sum()
    order = [list(peer._coefnames).index(n) for n in names]
    design = Design(unit="household", cluster=cluster, time="round", first_treated="first", weights=weights)
    panel = Panel.from_frame(rows, design=design, outcome="y", covariates=("exposure",))
    row = evalkit.infer(evalkit.spillover(panel), "crv1").row("direct")
    error = (share @ peer._vcov[np.ix_(order, order)] @ share) ** 0.5
    _equal(row, share @ peer.coef()[names].to_numpy(), error, DEMEANED)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("households", [False, True])
@pytest.mark.parametrize("clustered", [False, True])
def test_discontinuity(clustered: bool, households: bool, weighted: bool) -> None:
    """rdrobust on the columns themselves: score, weights and clusters reach it as they stand."""
    rdrobust = pytest.importorskip("rdrobust").rdrobust
    x, y = drawn(3)
    cluster = np.arange(len(x)) if households else np.arange(len(x)) % 40
    w = np.random.default_rng(4).uniform(0.5, 2, len(x)) if weighted else None
    peer = rdrobust(y, x, c=60.0, weights=w, cluster=cluster if clustered else None)
    columns = {"x": x, "y": y, "v": cluster, **({"w": w} if weighted else {})}
    design = Design(cluster="v", running="x", cutoff=60.0, assignment="threshold", weights="w" if weighted else None)
    estimate = evalkit.discontinuity(
        Panel.from_frame(pl.DataFrame(columns), design=design, outcome="y"), clustered=clustered
    )
    robust = evalkit.infer(estimate, "robust_bias_corrected").row("att")
    _equal(robust, float(np.ravel(peer.coef)[0]), float(np.ravel(peer.se)[2]), SOLVED)


def _villages(cluster: str, sample: str) -> pl.DataFrame:
    """Return the committed panel without its second pilot village; unbalanced: a tenth of its rows is missing.

    With households as clusters one of each village, and unbalanced: two are away in a round, and so are no donors.
    """
    rows = pl.read_csv(panels.HERE / "synthetic_panel.csv").filter(pl.col("village") != "v01")
    if cluster == "household":
        away = pl.col("village").is_in(["v05", "v09"]) & (pl.col("round") == 4) & (sample == "unbalanced")
        return rows.filter(pl.col("household").str.ends_with("_0") & ~away)
    kept = np.random.default_rng(5).random(rows.height) > (0.1 if sample == "unbalanced" else 0.0)
    return rows.filter(pl.Series(kept))


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("sample", ["balanced", "unbalanced"])
@pytest.mark.parametrize("name", ["synthetic_control", "synthetic_did"])
def test_synthetic(name: str, cluster: str, sample: str) -> None:
    """diff-diff on village means by pandas. Its control is exact; the time weights of its did stop .01 off."""
    peers = pytest.importorskip("diff_diff")
    rows = _villages(cluster, sample)
    means = rows.to_pandas().groupby([cluster, "round", "first"], as_index=False)["y"].mean()
    means = means[means.groupby(cluster)["round"].transform("size") == 10]
    keys = {"outcome": "y", "treatment": "treated", "unit": cluster, "time": "round"}
    design = Design(unit="household", cluster=cluster, time="round", first_treated="first")
    ours = getattr(evalkit, name)(Moments.from_frame(rows, design=design, outcomes=["y"])).values[0]
    assert ours == pytest.approx(_synthetic_peer(peers, name, means, keys), **WITHIN[name])


WITHIN = {"synthetic_control": {"rel": 1e-6}, "synthetic_did": {"abs": 0.01}}


def _synthetic_peer(peers: Any, name: str, means: pd.DataFrame, keys: dict[str, Any]) -> float:
    after = [7, 8, 9, 10]
    if name == "synthetic_did":
        model = peers.SyntheticDiD(variance_method="placebo", n_bootstrap=20, seed=1)
        return float(model.fit(means.assign(treated=means["first"] > 0), post_periods=after, **keys).att)
    model = peers.SyntheticControl(v_method="custom", custom_v=np.ones(6), standardize="none")
    table = means.assign(treated=((means["first"] > 0) & (means["round"] >= means["first"])).astype(int))
    return float(model.fit(table, post_periods=after, pre_period_outcomes="all", **keys).att)
