"""The pairs cluster bootstrap-t: by hand, against statsmodels on stacked rows of redrawn villages, and invariants."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, DesignError, Moments
from evalkit.inference.redraw import _draws
from evalkit.results import Estimate, Inference
from tests.small_panels import village_panel

VILLAGES = 12


def _cross(seed: int = 3, villages: int = VILLAGES) -> pl.DataFrame:
    """Return one row a household, the first half of the villages treated."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"h{v:02}_{h}", f"v{v:02}", float(v < villages // 2), rng.normal() + 0.5 * (v % 3))
        for v in range(villages)
        for h in range(3 + v % 3)
    ]
    return pl.DataFrame(rows, schema=["household", "village", "treated", "y"], orient="row")


def _itt(frame: pl.DataFrame) -> Estimate:
    design = Design(unit="household", cluster="village", treatment="treated")
    return evalkit.itt(Moments.from_frame(frame, design=design, outcomes=["y"]))


def _bootstrap(frame: pl.DataFrame, draws: int = 199) -> Inference:
    return evalkit.infer(_itt(frame), "bootstrap", draws=draws, seed=7)


def _stacked_t(frame: pl.DataFrame, counts: np.ndarray, value: float) -> float:
    """Refit the rows of drawn villages, each copy a village of its own, by statsmodels; return |b* − b|/se*."""
    import statsmodels.formula.api as smf

    copies = [
        frame.filter(pl.col("village") == f"v{v:02}").with_columns(pl.lit(1000 * v + k).alias("copy"))
        for v, n in enumerate(counts)
        for k in range(n)
    ]
    table = pl.concat(copies).to_pandas()
    fit = smf.ols("y ~ treated", table).fit(cov_type="cluster", cov_kwds={"groups": table["copy"]})
    n, rows = frame.height, len(table)
    # evalkit keeps (N − 1)/(N − K) at that of the data, statsmodels takes that of the draw
    se = fit.bse["treated"] * np.sqrt((n - 1) / (n - 2) / ((rows - 1) / (rows - 2)))
    return float(abs(fit.params["treated"] - value) / se)


def test_equals_statsmodels_on_redrawn_rows() -> None:
    """Every draw refitted from rows; both solve in double precision, hence 1e-9."""
    frame, draws = _cross(), 99
    found = _bootstrap(frame, draws).row("att")
    t = [_stacked_t(frame, counts, found["estimate"]) for counts in _draws([""] * VILLAGES, draws, 7)]
    c = np.sort(t)[94]  # .95 · 99 = 94.05, so the 95th smallest
    assert found["conf_high"] - found["estimate"] == pytest.approx(c * found["std_error"], rel=1e-9)
    assert found["conf_low"] - found["estimate"] == pytest.approx(-c * found["std_error"], rel=1e-9)
    assert found["p_value"] == (1 + sum(x >= abs(found["statistic"]) for x in t)) / (1 + draws)


def test_by_hand() -> None:
    """One household a village: pilots 4 and 6 six times each, others 1 and 3: b = 5 − 2 = 3.

    Residuals are ±1, so se² = 24/23 · 23/22 · (12 · 1/12² + 12 · 1/12²) = 24/22 · 1/6 = 2/11, and t = 3/√(2/11) = 7.04.
    A draw with a pilots at 6 of A, and c others at 3 of C, has b* = 4 + 2a/A − 1 − 2c/C and se*² =
    24/22 · 4(a(A − a)/A³ + c(C − c)/C³); the 19th of 20 |b* − 3|/se* is the interval's half in standard errors.
    """
    y = [4.0, 6.0] * 6 + [1.0, 3.0] * 6
    frame = pl.DataFrame(
        {
            "household": [f"h{i:02}" for i in range(24)],
            "village": [f"v{i:02}" for i in range(24)],
            "treated": [1.0] * 12 + [0.0] * 12,
            "y": y,
        }
    )
    row = evalkit.infer(_itt(frame), "bootstrap", draws=20, seed=2).row("att")
    assert row["std_error"] == pytest.approx(np.sqrt(2 / 11), rel=1e-12)
    t = []
    for counts in _draws([""] * 24, 20, 2):
        high, low = counts[1:12:2].sum(), counts[0:12:2].sum()
        upper, lower = counts[13::2].sum(), counts[12::2].sum()
        pilots, others = high + low, upper + lower
        b = 4 + 2 * high / pilots - 1 - 2 * upper / others
        t.append(abs(b - 3) / np.sqrt(24 / 22 * 4 * (high * low / pilots**3 + upper * lower / others**3)))
    assert (row["conf_high"] - 3) / row["std_error"] == pytest.approx(sorted(t)[18], rel=1e-9)
    assert row["p_value"] == (1 + sum(x >= 3 / np.sqrt(2 / 11) for x in t)) / 21


@pytest.mark.parametrize(("shift", "scale"), [(50.0, 1.0), (0.0, -3.0), (-7.0, 0.01)])
def test_shifting_and_scaling_the_outcome(shift: float, scale: float) -> None:
    """t* does not depend on where the outcome's zero lies or on its unit; symmetric, so a sign only mirrors it."""
    frame = _cross()
    plain = _bootstrap(frame).row("att")
    moved = _bootstrap(frame.with_columns(y=shift + scale * pl.col("y"))).row("att")
    ends = sorted(scale * plain[c] for c in ("conf_low", "conf_high"))
    assert [moved["conf_low"], moved["conf_high"]] == pytest.approx(ends, rel=1e-8)
    assert moved["p_value"] == plain["p_value"]


def test_an_event_study_has_an_interval_for_each_term_but_its_base() -> None:
    frame = village_panel(5, [2] * 6 + [3] * 6 + [0] * 8, rounds=4, missing=0.0)
    design = Design(unit="household", cluster="village", time="round", first_treated="first")
    estimate = evalkit.event_study(Moments.from_frame(frame, design=design, outcomes=["y"]))
    table = evalkit.infer(estimate, "bootstrap", draws=99).tidy()
    base = pl.col("term") == "event_time=-1"
    assert table.filter(base)["conf_low"].to_list() == [None]
    assert table.filter(~base).select(pl.all_horizontal(pl.col("conf_low") < pl.col("estimate")).all()).item()


def test_a_tenth_of_the_draws_may_be_undefined() -> None:
    """Of 10 draws of 6 villages one that holds one arm leaves 9, which is enough; two leave 8, which is not."""

    def of_one_arm(seed: int) -> int:
        pilots = np.array([counts[:3].sum() for counts in _draws([""] * 6, 10, seed)])
        return int(((pilots == 0) | (pilots == 6)).sum())

    one, two = (next(seed for seed in range(500) if of_one_arm(seed) == n) for n in (1, 2))
    estimate = _itt(_cross(villages=6))
    assert "1 of them undefined and left out" in evalkit.infer(estimate, "bootstrap", draws=10, seed=one).reason
    with pytest.raises(DesignError, match="2 of 10 draws of villages hold one arm only"):
        evalkit.infer(estimate, "bootstrap", draws=10, seed=two)


def test_draws_of_one_arm_are_counted_and_too_many_of_them_refused() -> None:
    """Of 6 villages in two halves 2/2⁶ = 3 % of the draws hold one arm; of 4 villages, 2/2⁴ and more."""
    few = _cross(villages=6)
    assert "undefined and left out" in _bootstrap(few, 999).reason
    with pytest.raises(DesignError, match=r"of 999 draws of villages hold one arm only"):
        _bootstrap(_cross(villages=4), 999)
    with pytest.raises(DesignError, match="there are 2 villages"):
        _bootstrap(_cross(villages=2))


def test_what_is_no_regression_is_refused() -> None:
    frame = village_panel(5, [2] * 4 + [3] * 4 + [0] * 4, rounds=4)
    design = Design(unit="household", cluster="village", time="round", first_treated="first")
    estimate = evalkit.group_time(Moments.from_frame(frame, design=design, outcomes=["y"]))
    with pytest.raises(DesignError, match=r"not one linear regression.*What to do: use multiplier"):
        evalkit.infer(estimate, "bootstrap")
