"""ANCOVA: by hand, against statsmodels, and where it is more precise than differences."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, Panel
from tests.reference import panels

DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first", assignment="randomised")

# y before and after. The slope within arms:  pilot before −1, 1 (mean 3), after −2, 2 (mean 9);
# comparison before −1, 1 (mean 2), after 0, 0 (mean 5): Σ before·after = 2 + 2 + 0 + 0 = 4 over Σ before² = 4: slope 1.
SMALL = pl.DataFrame(
    [
        (name, village, t, first, float(y))
        for name, village, first, ys in [
            ("a", "A", 2, (2, 7)),
            ("b", "B", 2, (4, 11)),
            ("c", "C", 0, (1, 5)),
            ("d", "D", 0, (3, 5)),
        ]
        for t, y in enumerate(ys, 1)
    ],
    schema=["household", "village", "round", "first", "y"],
    orient="row",
)


def test_by_hand() -> None:
    """(9 − 5) − 1 · (3 − 2) = 3.

    Residuals: pilot ∓2 ± 1 = −1, 1; comparison 0 ± 1 = 1, −1. The arm less what intercept and baseline explain of it:
    arm = ½ + (before − 2.5)/5 + ẑ, ẑ: a .6, b .2, c −.2, d −.6, Σẑ² = .8; scores −.6, .2, −.2, .6: Σ = .8, se² =
    .8/.64 · G/(G−1) = 4/3 · (N − 1)/(N − K) = 3/1.
    """
    row = evalkit.infer(evalkit.ancova(Panel.from_frame(SMALL, design=DESIGN, outcome="y")), "crv1").row("att")
    assert row["estimate"] == pytest.approx(3.0, rel=1e-10)
    assert row["std_error"] == pytest.approx((0.8 / 0.64 * 4 / 3 * 3) ** 0.5, rel=1e-10)
    assert (row["n_obs"], row["n_units"], row["n_clusters"]) == (4, 4, 4)


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("strata", [None, "stratum"])
@pytest.mark.parametrize("covariates", [[], ["x"]])
def test_statsmodels(weights: str | None, strata: str | None, covariates: list[str]) -> None:
    """WLS on a table joined by pandas, clustered by statsmodels: its factor is G/(G−1)·(N−1)/(N−K) as well."""
    import statsmodels.formula.api as smf

    at = pl.col("village").str.slice(1).cast(pl.Int64)
    rows = panels.read("panel").with_columns((at % 3).cast(pl.String).alias("stratum"))
    design = Design(
        unit="household", cluster="village", time="round", first_treated="first", weights=weights, strata=strata
    )
    panel = Panel.from_frame(rows, design=design, outcome="y", covariates=covariates)
    ours = evalkit.infer(evalkit.ancova(panel, covariates=covariates), "crv1").row("att")
    table = rows.to_pandas()
    before = table[table["round"] == 2].set_index("household")[["y", "x"]].rename(columns={"y": "y0", "x": "x0"})
    after = table[table["round"] == 4].set_index("household").join(before, how="inner")
    after["arm"] = (after["first"] > 0).astype(float)
    formula = "y ~ arm + y0" + (" + C(stratum)" if strata else "") + (" + x0" if covariates else "")
    fit = smf.wls(formula, after, weights=after[weights] if weights else np.ones(len(after))).fit(
        cov_type="cluster", cov_kwds={"groups": after["village"].rank(method="dense").astype(int)}
    )
    assert ours["estimate"] == pytest.approx(fit.params["arm"], rel=1e-9)
    assert ours["std_error"] == pytest.approx(fit.bse["arm"], rel=1e-9)
    assert ours["n_obs"] == len(after)


def test_baseline_as_a_column() -> None:
    """One row a household with y before in a column of its own gives the same number as two rounds."""
    both = Panel.from_frame(SMALL, design=DESIGN, outcome="y")
    before = SMALL.filter(pl.col("round") == 1).select("household", pl.col("y").alias("earlier"))
    wide = SMALL.filter(pl.col("round") == 2).join(before, on="household").with_columns(pl.col("first") // 2)
    design = Design(unit="household", cluster="village", treatment="first")
    single = Panel.from_frame(wide, design=design, outcome="y", covariates=["earlier"])
    found = evalkit.ancova(single, baseline="earlier").values[0]
    assert found == pytest.approx(evalkit.ancova(both).values[0], rel=1e-10)


def test_households_seen_once_are_counted() -> None:
    rows = pl.concat([SMALL, SMALL.head(2).with_columns(household=pl.lit("e")).head(1)])
    fitted = evalkit.ancova(Panel.from_frame(rows, design=DESIGN, outcome="y"))
    assert "0 households of the last round without it, 1 of the baseline not seen" in fitted.notes[-1]


def test_no_round_before() -> None:
    panel = Panel.from_frame(SMALL.filter(pl.col("round") == 2), design=DESIGN, outcome="y")
    with pytest.raises(evalkit.DesignError, match="no round before the programme"):
        evalkit.ancova(panel)


def test_baseline_column_must_be_in_the_panel() -> None:
    panel = Panel.from_frame(SMALL, design=DESIGN, outcome="y")
    with pytest.raises(evalkit.UsageError, match="'earlier' is not among the Panel's covariates"):
        evalkit.ancova(panel, baseline="earlier")


def _noisy(seed: int) -> Panel:
    """Forty villages, half of them drawn; what a household earns says little about the next round; the truth is 1."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"{v}_{h}", f"v{v}", t, 2 * (v % 2), own + rng.normal(0, 2) + (t == 2) * (v % 2) + t)
        for v in range(40)
        for h in range(15)
        for own in [rng.normal(0, 0.5)]
        for t in (1, 2)
    ]
    return Panel.from_frame(pl.DataFrame(rows, schema=SMALL.schema, orient="row"), design=DESIGN, outcome="y")


def test_more_precise_than_did_with_a_noisy_baseline() -> None:
    """Correlation ρ between rounds: variances 1 − ρ² against 2(1 − ρ) (McKenzie 2012); ρ = .25/4.25, so .53.

    Over 30 draws both are right on average; the errors of ancova are smaller by about √.53.
    """
    drawn = [_noisy(seed) for seed in range(30)]
    errors = np.array([[f(p).values[0] - 1 for f in (evalkit.ancova, evalkit.did)] for p in drawn])
    assert np.abs(errors.mean(axis=0)).max() < 0.15
    spread = np.sqrt((errors**2).mean(axis=0))
    assert 0.5 < spread[0] / spread[1] < 0.95
    ours, theirs = (
        np.mean([evalkit.infer(f(p), "crv1").std_error[0] for p in drawn]) for f in (evalkit.ancova, evalkit.did)
    )
    assert 0.68 < ours / theirs < 0.78


@settings(max_examples=15)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_order_and_unit_do_not_matter(seed: int, scale: float) -> None:
    rows = _noisy(seed % 5).frame
    names = {"unit": "household", "cluster": "village", "time": "round", "first_treated": "first"}
    other = rows.rename(names).sample(fraction=1, shuffle=True, seed=seed).with_columns(pl.col("y") * scale)
    ours, theirs = (
        evalkit.infer(evalkit.ancova(Panel.from_frame(f, design=DESIGN, outcome="y")), "crv1")
        for f in (rows.rename(names), other)
    )
    assert theirs.estimate.values == pytest.approx(ours.estimate.values * scale, rel=1e-8)
    assert theirs.std_error == pytest.approx(ours.std_error * scale, rel=1e-8)
