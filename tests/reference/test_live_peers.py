"""What the committed golden rows leave open, against statsmodels, scipy and pyfixest in the same process.

Balanced panels, clusters of single households, covariates and weights for regressions; randomization, Anderson–Rubin
and Conley–Taber; and the standard error of a peer that counts household effects, beside ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, Moments, Panel
from tests.reference import panels
from tests.small_panels import village_panel

DEMEANED = 1e-8
"""Relative. pyfixest demeans by alternating projections to 1e-10; evalkit solves the same equations by sums."""
SOLVED = 1e-9
"""Relative. Both solve one set of normal equations in double precision."""
CLUSTERS = ["village", "household"]
pytestmark = [
    pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.* singleton fixed effect:UserWarning"),
]


def _followed(name: str, sample: str) -> pl.DataFrame:
    rows = panels.read(name)
    if sample == "balanced":
        rows = rows.filter(pl.len().over("household") == rows["round"].n_unique())
    at = pl.col("first")
    return rows.with_columns(((at > 0) & (pl.col("round") >= at)).cast(pl.Float64).alias("treated"))


def _feols(formula: str, rows: pl.DataFrame, cluster: str, weights: str | None) -> Any:
    pyfixest = pytest.importorskip("pyfixest")
    tight = pyfixest.MapDemeaner(fixef_tol=1e-10)
    return pyfixest.feols(
        formula, rows.to_pandas(), vcov={"CRV1": cluster}, weights=weights, demeaner=tight, copy_data=False
    )


def _design(cluster: str, weights: str | None) -> Design:
    return Design(unit="household", cluster=cluster, time="round", first_treated="first", weights=weights)


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
@pytest.mark.parametrize("covariates", [(), ("x",)])
@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("sample", ["balanced", "unbalanced"])
def test_did(sample: str, cluster: str, covariates: tuple[str, ...], weights: str | None) -> None:
    rows = _followed("panel", sample)
    peer = _feols(f"y ~ {' + '.join([*covariates, 'treated'])} | household + round", rows, cluster, weights)
    panel = Panel.from_frame(rows, design=_design(cluster, weights), outcome="y", covariates=covariates)
    ours = evalkit.infer(evalkit.did(panel, covariates=covariates), "crv1").row("att")
    assert ours["estimate"] == pytest.approx(peer.coef()["treated"], rel=DEMEANED)
    assert ours["std_error"] == pytest.approx(peer.se()["treated"], rel=DEMEANED)


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("sample", ["balanced", "unbalanced"])
def test_event_study(sample: str, cluster: str, weights: str | None) -> None:
    """Each event time's dummy written out; their average over treated rows is left to the golden rows."""
    rows = _followed("staggered", sample)
    since = pl.when(pl.col("first") > 0).then(pl.col("round") - pl.col("first"))
    times = sorted(set(rows.select(since.alias("k"))["k"].drop_nulls()) - {-1})
    name = {k: f"{'m' if k < 0 else 'p'}{abs(k)}" for k in times}
    rows = rows.with_columns((since == k).fill_null(False).cast(pl.Float64).alias(name[k]) for k in times)
    peer = _feols(f"y ~ {' + '.join(name.values())} | household + round", rows, cluster, weights)
    moments = Moments.from_frame(rows, design=_design(cluster, weights), outcomes=["y"])
    ours = evalkit.infer(evalkit.event_study(moments), "crv1")
    for k in times:
        row = ours.row(f"event_time={k}")
        assert row["estimate"] == pytest.approx(peer.coef()[name[k]], rel=DEMEANED)
        assert row["std_error"] == pytest.approx(peer.se()[name[k]], rel=DEMEANED)


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("sample", ["balanced", "unbalanced"])
def test_pre_post(sample: str, cluster: str, weights: str | None) -> None:
    rows = _followed("panel", sample).filter(pl.col("first") > 0)
    peer = _feols("y ~ treated | household", rows, cluster, weights)
    moments = Moments.from_frame(rows, design=_design(cluster, weights), outcomes=["y"])
    ours = evalkit.infer(evalkit.pre_post(moments), "crv1").row("att")
    assert ours["estimate"] == pytest.approx(peer.coef()["treated"], rel=DEMEANED)
    assert ours["std_error"] == pytest.approx(peer.se()["treated"], rel=DEMEANED)


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("covariates", [(), ("x", "crop")])
@pytest.mark.parametrize("strata", [True, False])
@pytest.mark.parametrize("cluster", CLUSTERS)
def test_itt(cluster: str, strata: bool, covariates: tuple[str, ...], weights: str | None) -> None:
    import statsmodels.formula.api as smf

    rows = panels.read("cross")
    formula = "y ~ treated" + (" + C(stratum)" if strata else "") + (" + x + C(crop)" if covariates else "")
    table = rows.to_pandas()
    w = table[weights] if weights else np.ones(len(table))
    peer = smf.wls(formula, table, weights=w).fit(
        cov_type="cluster", cov_kwds={"groups": table[cluster].rank(method="dense").astype(int)}
    )
    # the arm varies within no village; with households as clusters each is drawn by itself
    design = Design(unit="household", cluster=cluster, treatment="treated", strata="stratum", weights=weights)
    panel = Panel.from_frame(rows, design=design, outcome="y", covariates=covariates)
    ours = evalkit.infer(evalkit.itt(panel, strata=strata, covariates=covariates), "crv1").row("att")
    assert ours["estimate"] == pytest.approx(peer.params["treated"], rel=SOLVED)
    assert ours["std_error"] == pytest.approx(peer.bse["treated"], rel=SOLVED)


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("covariates", [(), ("x",)])
def test_itt_lin(covariates: tuple[str, ...], cluster: str, weights: str | None) -> None:
    """Strata's indicators and covariates less their weighted means, and their products with the arm, by pandas."""
    import statsmodels.api as sm

    rows = panels.read("cross")
    table = rows.to_pandas()
    w = table[weights] if weights else np.ones(len(table))
    beside = [(table["stratum"] == s).astype(float) for s in ("s2", "s3")] + [table[c] for c in covariates]
    beside = [z - np.average(z, weights=w) for z in beside]
    arm = table["treated"].astype(float)
    x = np.column_stack([arm, np.ones(len(table)), *beside, *[z * arm for z in beside]])
    peer = sm.WLS(table["y"], x, weights=w).fit(
        cov_type="cluster", cov_kwds={"groups": table[cluster].rank(method="dense").astype(int)}
    )
    design = Design(unit="household", cluster=cluster, treatment="treated", strata="stratum", weights=weights)
    panel = Panel.from_frame(rows, design=design, outcome="y", covariates=covariates)
    ours = evalkit.infer(evalkit.itt(panel, covariates=covariates, lin=True), "crv1").row("att")
    assert ours["estimate"] == pytest.approx(peer.params.iloc[0], rel=SOLVED)
    assert ours["std_error"] == pytest.approx(peer.bse.iloc[0], rel=SOLVED)


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("covariates", [(), ("x",)])
@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("sample", ["balanced", "unbalanced"])
def test_ancova(sample: str, cluster: str, covariates: tuple[str, ...], weights: str | None) -> None:
    """Round 4 on round 2, the last before the start, of households seen in both, joined by pandas."""
    import statsmodels.formula.api as smf

    rows = _followed("panel", sample)
    table = rows.to_pandas()
    before = table[table["round"] == 2].set_index("household")[["y", "x"]].rename(columns={"y": "y0", "x": "x0"})
    after = table[table["round"] == 4].set_index("household", drop=False).join(before, how="inner")
    after["arm"] = (after["first"] > 0).astype(float)
    peer = smf.wls(
        "y ~ arm + y0" + (" + x0" if covariates else ""), after, weights=after[weights] if weights else 1.0
    ).fit(cov_type="cluster", cov_kwds={"groups": after[cluster].rank(method="dense").astype(int)})
    panel = Panel.from_frame(rows, design=_design(cluster, weights), outcome="y", covariates=covariates)
    ours = evalkit.infer(evalkit.ancova(panel, covariates=covariates), "crv1").row("att")
    assert ours["estimate"] == pytest.approx(peer.params["arm"], rel=SOLVED)
    assert ours["std_error"] == pytest.approx(peer.bse["arm"], rel=SOLVED)


@pytest.mark.filterwarnings(
    "ignore:The 'lsuffix':DeprecationWarning",
    "ignore:.*observations removed:UserWarning",
    "ignore:invalid value encountered:RuntimeWarning",
)
@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("sample", ["balanced", "unbalanced"])
def test_ppml(sample: str, cluster: str, weights: str | None) -> None:
    """fepois stops where its deviance moves by 1e-12, hence 1e-6; a count made of the committed y."""
    pyfixest = pytest.importorskip("pyfixest")
    rows = _followed("panel", sample).with_columns((pl.col("y").exp() * 2).round(0).alias("y"))
    peer = pyfixest.fepois(
        "y ~ treated | household + round",
        rows.to_pandas(),
        vcov={"CRV1": cluster},
        weights=weights,
        separation_check=["fe"],
        iwls_tol=1e-12,
        demeaner=pyfixest.MapDemeaner(fixef_tol=1e-12),
        copy_data=False,
    )
    moments = Moments.from_frame(rows, design=_design(cluster, weights), outcomes=["y"])
    fitted = evalkit.ppml(moments)
    row = evalkit.infer(fitted, "crv1").row("att")
    assert fitted.columns["log_ratio"][0] == pytest.approx(peer.coef()["treated"], rel=1e-6)
    assert row["std_error"] / (1 + row["estimate"]) == pytest.approx(peer.se()["treated"], rel=1e-6)


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("sample", ["balanced", "unbalanced"])
def test_sun_abraham(sample: str, cluster: str, weights: str | None) -> None:
    """pyfixest with a dummy for each cohort and event time; event time 0 by hand as the rows' (weighted) mean."""
    rows = _followed("staggered", sample)
    since = pl.col("round") - pl.col("first")
    cells = rows.filter(pl.col("first") > 0).select("first", since.alias("k")).unique().sort("first", "k").rows()
    names = {(g, k): f"g{g}_{'m' if k < 0 else 'p'}{abs(k)}" for g, k in cells if k != -1}
    rows = rows.with_columns(
        ((pl.col("first") == g) & (since == k)).cast(pl.Float64).alias(n) for (g, k), n in names.items()
    )
    peer = _feols(f"y ~ {' + '.join(names.values())} | household + round", rows, cluster, weights)
    now = [n for (_, k), n in names.items() if k == 0]
    used = rows.filter(pl.len().over("household") > 1)
    mass = np.array(used.select(((pl.col(weights) if weights else 1.0) * pl.col(n)).sum().alias(n) for n in now).row(0))
    order = [list(peer._coefnames).index(n) for n in now]
    share = mass / mass.sum()
    moments = Moments.from_frame(rows, design=_design(cluster, weights), outcomes=["y"])
    row = evalkit.infer(evalkit.sun_abraham(moments, min_villages=1), "crv1").row("event_time=0")
    assert row["estimate"] == pytest.approx(share @ peer.coef()[now].to_numpy(), rel=DEMEANED)
    assert row["std_error"] == pytest.approx((share @ peer._vcov[np.ix_(order, order)] @ share) ** 0.5, rel=DEMEANED)


def test_household_effects_nested_in_villages_are_not_counted() -> None:
    """statsmodels counts every household dummy in N − K; fixest and reghdfe, and evalkit, none that is in a cluster.

    The same regression with dummies: its standard error is ours times √((N − K)/(N − K − H + 1)), 30 % more here.
    """
    import statsmodels.formula.api as smf

    rows = _followed("panel", "unbalanced").filter(pl.len().over("household") > 1)
    table = rows.to_pandas()
    peer = smf.ols("y ~ treated + C(household) + C(round)", table).fit(
        cov_type="cluster", cov_kwds={"groups": table["village"].rank(method="dense").astype(int)}
    )
    moments = Moments.from_frame(rows, design=_design("village", None), outcomes=["y"])
    ours = evalkit.infer(evalkit.did(moments), "crv1").row("att")
    n, k, households = rows.height, 1 + rows["round"].n_unique(), rows["household"].n_unique()
    more = ((n - k) / (n - k - households + 1)) ** 0.5
    assert more > 1.15
    assert peer.bse["treated"] == pytest.approx(ours["std_error"] * more, rel=1e-8)
    assert ours["std_error"] == pytest.approx(
        _feols("y ~ treated | household + round", rows, "village", None).se()["treated"], rel=DEMEANED
    )


def test_randomization_is_scipy_s_permutation_test() -> None:
    """One household a village: |t| of all C(9, 4) = 126 assignments by scipy.

    Its statistic is the difference over √(s₁²/n₁ + s₀²/n₀) with s² about the arm's mean, divided by n: CRV1's t up to a
    constant, so the order of assignments is the same.
    """
    from scipy.stats import permutation_test

    y = np.random.default_rng(8).normal(size=9).round(3) + np.array([1.5] * 4 + [0.0] * 5)
    frame = pl.DataFrame({"village": np.arange(9), "arm": [1] * 4 + [0] * 5, "y": y})
    moments = Moments.from_frame(frame, design=Design(cluster="village", treatment="arm"), outcomes=["y"])

    def t(a: Any, b: Any, axis: int) -> Any:
        spread = a.var(axis=axis) / a.shape[axis] + b.var(axis=axis) / b.shape[axis]
        return np.abs(a.mean(axis=axis) - b.mean(axis=axis)) / np.sqrt(spread)

    peer = permutation_test((y[:4], y[4:]), t, vectorized=True, n_resamples=np.inf, alternative="greater")
    found = evalkit.infer(evalkit.itt(moments), "randomization")
    assert "all 126 assignments" in found.reason
    assert found.p_value[0] == pytest.approx(peer.pvalue, abs=1e-12)
    assert 1 / 126 < peer.pvalue < 0.5


def test_conley_taber_is_scipy_s_permutation_test() -> None:
    """Two pilots among twelve equal villages: the share of the 66 pairs whose difference in mean change is as large."""
    from scipy.stats import permutation_test

    change = np.random.default_rng(9).normal(size=12).round(3) + np.array([1.2] * 2 + [0.0] * 10)
    rows = [(v, t, 2 if v < 2 else None, change[v] * (t == 2)) for v in range(12) for t in (1, 2)]
    frame = pl.DataFrame(rows, schema=["village", "round", "first", "y"], orient="row")
    design = Design(unit="village", cluster="village", time="round", first_treated="first")
    estimate = evalkit.did(Moments.from_frame(frame, design=design, outcomes=["y"]))

    def difference(a: Any, b: Any, axis: int) -> Any:
        return np.abs(a.mean(axis=axis) - b.mean(axis=axis))

    peer = permutation_test(
        (change[:2], change[2:]), difference, vectorized=True, n_resamples=np.inf, alternative="greater"
    )
    for method in ("conley_taber", "ferman_pinto"):  # of one size, Ferman and Pinto's scaling changes nothing
        assert evalkit.infer(estimate, method).p_value[0] == pytest.approx(peer.pvalue, abs=1e-12)


def test_anderson_rubin_is_statsmodels_test_of_each_value() -> None:
    """At either end the regression of y − β·took on assignment, clustered by statsmodels with t(G − 1), has p = .05."""
    import statsmodels.formula.api as smf
    from scipy.stats import t as student

    frame = village_panel(12, [3] * 8 + [0] * 8, rounds=3, missing=0.1).filter(pl.col("round") == 3)
    rng = np.random.default_rng(3)
    arm = (frame["first"] > 0).to_numpy()
    took = (rng.random(frame.height) < np.where(arm, 0.8, 0.2)).astype(float)
    frame = frame.with_columns(arm=pl.Series(arm.astype(int)), took=pl.Series(took), y=pl.col("y") + pl.Series(took))
    design = Design(unit="household", cluster="village", treatment="arm", take_up="took")
    fitted = evalkit.late(Moments.from_frame(frame, design=design, outcomes=["y"]))
    row = evalkit.infer(fitted, "anderson_rubin").row("late")
    table = frame.to_pandas()
    groups = table["village"].rank(method="dense").astype(int)
    for end in (row["conf_low"], row["conf_high"]):
        table["shifted"] = table["y"] - end * table["took"]
        peer = smf.ols("shifted ~ arm", table).fit(cov_type="cluster", cov_kwds={"groups": groups})
        assert 2 * student.sf(abs(peer.tvalues["arm"]), 15) == pytest.approx(0.05, rel=1e-6)
