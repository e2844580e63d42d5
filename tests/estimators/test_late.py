"""The effect on those who took part: by hand, against linearmodels, with known truth, and what cannot matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, Moments, Panel
from evalkit.diagnostics import compliance
from tests.reference import panels
from tests.reference.test_cases import printed
from tests.small_panels import weighted_least_squares

DESIGN = Design(unit="household", cluster="village", treatment="assigned", take_up="took", assignment="randomised")

# Two assigned villages (A, B), two others (C, D), two households each.   y (took part)
#   A  6 (1), 4 (0)    B  9 (1), 5 (1)     mean y 24/4 = 6, take-up 3/4
#   C  3 (0), 1 (0)    D  5 (1), 3 (0)     mean y 12/4 = 3, take-up 1/4
SMALL = pl.DataFrame(
    [
        ("a1", "A", 1, 1, 6.0),
        ("a2", "A", 1, 0, 4.0),
        ("b1", "B", 1, 1, 9.0),
        ("b2", "B", 1, 1, 5.0),
        ("c1", "C", 0, 0, 3.0),
        ("c2", "C", 0, 0, 1.0),
        ("d1", "D", 0, 1, 5.0),
        ("d2", "D", 0, 0, 3.0),
    ],
    schema=["household", "village", "assigned", "took", "y"],
    orient="row",
)


def _moments(rows: pl.DataFrame = SMALL, design: Design = DESIGN) -> Moments:
    return Moments.from_frame(rows, design=design, outcomes=["y"])


def test_a_weak_first_stage_is_said() -> None:
    """Take-up less its mean by arm sums by village to ∓1/2, so ψ = ±1/8 four times: Σψ² = 1/16, times 4/3 · 7/6.

    F = (1/2)²/(7/72) = 2.57, below 10. Where all of A and B took part the pilots' sums are nothing, the difference is
    3/4 and Σψ² = 1/32: F = (9/16)/(7/144) = 11.6, and nothing is said.
    """
    said = [n for n in evalkit.late(_moments()).notes if "first stage" in n]
    assert said == ["weak first stage (clustered F = 2.6): trust only the interval of method anderson_rubin"]
    all_took = SMALL.with_columns(took=pl.when(pl.col("assigned") == 1).then(1).otherwise("took"))
    assert not [n for n in evalkit.late(_moments(all_took)).notes if "first stage" in n]


def test_by_hand() -> None:
    """Wald: (6 − 3)/(3/4 − 1/4) = 6.

    u = y − 6d less its mean by arm: A 0, 4; B 3, −1, mean 3/2; C 3, 1; D −1, 3, mean 3/2. Sums by village less the
    mean: A 4 − 3 = 1, B −1, C 1, D −1. Each arm has 4 households: ψ = ±1/4/(1/2) = ±1/2, Σψ² = 1. G/(G−1) = 4/3;
    N = 8, K = 2: 7/6.
    """
    row = evalkit.infer(evalkit.late(_moments()), "crv1").row("late")
    assert row["estimate"] == pytest.approx(6.0, rel=1e-12)
    assert row["std_error"] == pytest.approx((4 / 3 * 7 / 6) ** 0.5, rel=1e-12)
    assert (row["n_obs"], row["n_clusters"], row["n_treated_clusters"], row["df"]) == (8, 4, 2, 3)


def test_first_stage_by_hand() -> None:
    """Take-up by village less the arm's 3/2 and 1/2: ∓1/2, so Σψ² = 4 (1/8)² = 1/16; F = (1/2)²/(1/16 · 4/3 · 7/6)."""
    row = evalkit.infer(evalkit.late(_moments()), "crv1").row("late")
    assert row["first_stage_f"] == pytest.approx(0.25 / (1 / 16 * 4 / 3 * 7 / 6), rel=1e-12)


def test_jackknife_refits_without_each_village() -> None:
    """Without A: (7 − 3)/(1 − 1/4) = 16/3; B: (5 − 3)/(1/2 − 1/4) = 8; C: (6 − 4)/(3/4 − 1/2) = 8; D: (6 − 2)/(3/4)."""
    row = evalkit.infer(evalkit.late(_moments()), "crv3").row("late")
    away = np.array([16 / 3, 8, 8, 16 / 3]) - 6
    assert row["std_error"] == pytest.approx((3 / 4 * (away**2).sum()) ** 0.5, rel=1e-12)


def test_compliance_table() -> None:
    rows = compliance(_moments()).to_dicts()
    assert [r["arm"] for r in rows] == ["pilot", "comparison", "difference"]
    assert [r["take_up"] for r in rows] == pytest.approx([0.75, 0.25, 0.5])
    assert [(r["n_units"], r["n_villages"]) for r in rows] == [(4, 2), (4, 2), (None, None)]


GOLDEN = pl.read_csv(Path(panels.__file__).parent / "late_golden.csv")


@pytest.mark.parametrize("golden", GOLDEN.to_dicts(), ids=lambda g: f"{g['weights']}-{g['strata']}-{g['crop']}")
def test_linearmodels(golden: dict[str, object]) -> None:
    """Both solve the same equations in double precision; 1e-10 leaves room for their order of summation."""
    rows = panels.read("cross").with_columns(
        ((pl.col("x") + 1.2 * pl.col("treated")) > 0.3).cast(pl.Float64).alias("taken")
    )
    columns = {"unit": "household", "cluster": "village", "treatment": "treated", "take_up": "taken"}
    options = {"weights": golden["weights"] or None, "strata": "stratum" if golden["strata"] else None}
    design = Design(**columns, **options)  # type: ignore[arg-type]
    covariates = ["crop"] if golden["crop"] else []
    panel = Panel.from_frame(rows, design=design, outcome="y", covariates=covariates)
    data = panel if covariates else Moments.from_panel(panel)
    row = evalkit.infer(evalkit.late(data, covariates=covariates), "crv1").row("late")
    assert row["estimate"] == pytest.approx(golden["estimate"], rel=1e-10)
    assert row["std_error"] == pytest.approx(golden["std_error"], rel=1e-10)


def test_hisp_promotion(cases: Path) -> None:
    """Gertler et al. (2016), ch. 4: first stage .41, reduced form −3.87, 2SLS −9.50.

    cases.json gives the standard error 1.130 of G/(G − 1) left out. The book's interval [−11.76, −7.24] is by CR2, with
    about 150 degrees of freedom; the jackknife has 199, and with 200 villages agrees to .02.
    """
    rows = pl.read_parquet(cases / "hisp.parquet").with_columns(pl.col("^.*_identifier$", "round").cast(pl.Int64))
    design = Design(
        unit="household_identifier",
        cluster="locality_identifier",
        treatment="promotion_locality",
        take_up="enrolled_rp",
        assignment="randomised",
    )
    outcome = "health_expenditures"
    moments = Moments.from_frame(rows.filter(pl.col("round") == 1), design=design, outcomes=[outcome])
    fitted = evalkit.late(moments)
    assert list(fitted.values) == [printed("-9.50"), printed("0.41"), printed("-3.87")]
    row = evalkit.infer(fitted, "crv1").row("late")
    assert row["n_obs"] == 9914
    assert row["std_error"] * (199 / 200 * 9912 / 9913) ** 0.5 == printed("1.130")
    auto = evalkit.infer(fitted).row("late")
    assert (auto["conf_low"], auto["conf_high"]) == pytest.approx((-11.76, -7.24), abs=0.03)


def test_known_truth_where_those_who_join_differ() -> None:
    """The richer join: comparing participants with others gives far more than the true 2, the instrument gives it."""
    rng = np.random.default_rng(5)
    village = np.repeat(np.arange(200), 30)
    assigned = (village % 2).astype(float)
    rich = rng.normal(size=len(village))
    took = ((rich + 1.5 * assigned + rng.normal(size=len(village))) > 1).astype(float)
    y = 2.0 * took + 3.0 * rich + rng.normal(size=200)[village] + rng.normal(size=len(village))
    frame = pl.DataFrame({"village": village, "assigned": assigned.astype(int), "took": took, "y": y})
    design = Design(cluster="village", treatment="assigned", take_up="took")
    row = evalkit.infer(evalkit.late(_moments(frame, design)), "crv1").row("late")
    assert abs(row["estimate"] - 2) < 3 * row["std_error"] < 1.5
    assert y[took == 1].mean() - y[took == 0].mean() > 4


def test_outcome_and_take_up_over_the_same_rows() -> None:
    """y is missing for a2, took for d2: neither counts, and 2SLS is that of the six others."""
    rows = SMALL.with_columns(
        pl.when(pl.col("household") != "a2").then("y").alias("y"),
        pl.when(pl.col("household") != "d2").then("took").alias("took"),
    )
    both = rows.drop_nulls()
    x = np.column_stack([np.ones(6), both["assigned"].to_numpy()])
    reduced, first = (weighted_least_squares(x, both[c].to_numpy())[1] for c in ("y", "took"))
    fitted = evalkit.late(_moments(rows))
    assert fitted.values[0] == pytest.approx(reduced / first, rel=1e-12)
    assert fitted.counts.n_obs == 6
    assert evalkit.late(Panel.from_frame(rows, design=DESIGN, outcome="y")).values[0] == pytest.approx(reduced / first)


def test_sums_over_different_rows_are_refused() -> None:
    rows = SMALL.with_columns(pl.when(pl.col("household") != "a2").then("y").alias("y"), pl.col("y").alias("z"))
    moments = Moments.from_frame(rows, design=DESIGN, outcomes=["y", "z"])
    with pytest.raises(evalkit.DataError, match="of 8 rows 7 have 'y' and 8 have 'took'"):
        evalkit.late(moments, "y")
    assert evalkit.late(moments, "z").counts.n_obs == 8


def test_no_first_stage() -> None:
    with pytest.raises(evalkit.DesignError, match="take-up is the same share"):
        evalkit.late(_moments(SMALL.with_columns(pl.lit(1.0).alias("took"))))


def test_no_take_up_in_the_design() -> None:
    with pytest.raises(evalkit.DesignError, match="names no take-up"):
        evalkit.late(_moments(design=Design(cluster="village", treatment="assigned")))


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(-50, 50), st.booleans())
def test_order_units_and_parts_do_not_matter(seed: int, scale: float, shift: float, labels: bool) -> None:
    """Rows in another order, money in another unit, two offices merged: the same effect, in that unit."""
    rng = np.random.default_rng(seed)
    village = np.repeat(np.arange(8), 5)
    assigned = village % 2
    took = ((rng.random(40) + 0.3 * assigned) > 0.6).astype(float)
    took[:10] = assigned[:10]
    frame = pl.DataFrame({"village": village, "assigned": assigned, "took": took, "y": rng.normal(size=40) + took})
    design = Design(cluster="village", treatment="assigned", take_up="took")
    before = evalkit.late(_moments(frame, design))
    other = frame.with_columns(pl.col("y") * scale + shift).sample(fraction=1, shuffle=True, seed=seed % 1000)
    if labels:
        other = other.with_columns(100 - pl.col("village"))
    parts = [_moments(other.filter((pl.col("village") % 4 < 2) == side), design) for side in (True, False)]
    after = evalkit.late(parts[0].merge(parts[1]))
    tight = {"rel": 1e-6, "abs": 1e-9}
    assert after.values == pytest.approx(before.values * [scale, 1, scale], **tight)
    errors = [evalkit.infer(e, "crv1").std_error[0] for e in (before, after)]
    assert errors[1] == pytest.approx(errors[0] * scale, rel=1e-5)
