"""The effect at a cut-off: by hand, by published numbers, by properties, and where nothing can be said."""

from __future__ import annotations

import builtins

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit.diagnostics import cutoff_checks
from evalkit.diagnostics.cutoff import IN_BIN, density_test
from evalkit.errors import DesignError, UsageError
from evalkit.estimators import discontinuity
from evalkit.gate import Evidence, open_gate

CUTOFF = 60.0


def panel(x, y, *, taken=None, cutoff: float = CUTOFF, villages: int = 8, weights=None) -> evalkit.Panel:
    columns = {"x": x, "y": y, "v": [f"v{i % villages}" for i in range(len(x))]}
    columns |= {} if taken is None else {"taken": taken}
    columns |= {} if weights is None else {"w": weights}
    design = evalkit.Design(
        cluster="v",
        running="x",
        cutoff=cutoff,
        assignment="threshold",
        take_up=None if taken is None else "taken",
        weights=None if weights is None else "w",
    )
    return evalkit.Panel.from_frame(pl.DataFrame(columns), design=design, outcome="y")


def drawn(seed: int, n: int = 700, jump: float = 3.0):
    """Scores around 66, an outcome that rises with the score (curved) and jumps at 60."""
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(63, 9, n), 3)
    y = 0.5 * (x - 60) + 0.01 * (x - 60) ** 2 + jump * (x >= 60) + rng.normal(0, 2, n)
    return x, y


@pytest.fixture(scope="module")
def senate() -> evalkit.Panel:
    """Return U.S. Senate elections (Cattaneo, Frandsen & Titiunik 2015), which rdrobust ships."""
    from importlib.resources import files

    source = files("rdrobust").joinpath("data/rdrobust_RDsenate.csv").read_bytes()
    frame = pl.read_csv(source, null_values=["NA", ""])
    design = evalkit.Design(cluster="state", running="margin", cutoff=0.0)
    return evalkit.Panel.from_frame(frame, design=design, outcome="vote")


def test_lines_by_hand():
    # Uniform kernel, bandwidth 10: plain least squares on each side of the cut-off 0.
    # Left: y = 2 + x at x = -10 … -1, but the points at -10 and -1 lie 1 higher: by symmetry the slope stays 1, and the
    # mean residual 0.2 lifts the line: at 0 it is 2.2. Right: y = 5 - x/2, exactly: at 0 it is 5. Jump: 2.8.
    x = np.concatenate([np.arange(-10.0, 0.0), np.arange(0.0, 11.0)])
    y = np.where(x < 0, 2 + x, 5 - x / 2)
    y[[0, 9]] += 1
    fit = discontinuity(panel(x, y, cutoff=0.0), bandwidth=10.0, kernel="uniform")
    assert fit.values[0] == pytest.approx(2.8, abs=1e-9)
    np.testing.assert_allclose(fit.basis.lines, [[2.2, 1.0], [5.0, -0.5]], atol=1e-9)
    assert fit.basis.near == (10, 11)


def test_published_senate_numbers(senate):
    """Calonico, Cattaneo, Farrell & Titiunik (2017, Stata Journal 17:372), rdrobust vote margin; as printed there."""
    estimate = discontinuity(senate)
    robust = evalkit.infer(estimate, "robust_bias_corrected").row("att")
    usual = evalkit.infer(estimate, "local_conventional").row("att")
    assert (robust["n_obs"], robust["n_left"], robust["n_right"]) == (1297, 360, 323)
    assert robust["estimate"] == pytest.approx(7.4141, abs=5e-5)
    assert usual["std_error"] == pytest.approx(1.4587, abs=5e-5)
    assert (usual["conf_low"], usual["conf_high"]) == pytest.approx((4.5551, 10.2732), abs=5e-5)
    assert (robust["conf_low"], robust["conf_high"]) == pytest.approx((4.0937, 10.9193), abs=5e-5)
    assert robust["statistic"] == pytest.approx(4.3110, abs=5e-5)
    assert robust["df"] is None
    assert estimate.basis.bandwidth == pytest.approx((17.754, 17.754), abs=5e-4)
    assert estimate.basis.bias_bandwidth == pytest.approx((28.028, 28.028), abs=5e-4)


def test_published_density_test(senate):
    """Cattaneo, Jansson & Ma (2018, Stata Journal 18:234), rddensity margin: T = -0.8753, p = 0.3814; 1,390 races."""
    frame = senate.frame.select("margin")
    from importlib.resources import files

    races = pl.read_csv(files("rdrobust").joinpath("data/rdrobust_RDsenate.csv").read_bytes(), null_values=["NA", ""])
    every = evalkit.Panel.from_frame(
        races.with_columns(pl.lit(0.0).alias("zero")),
        design=evalkit.Design(cluster="state", running="margin", cutoff=0.0),
        outcome="zero",
    )
    assert every.frame.height == 1390 > frame.height
    assert density_test(every) == pytest.approx(0.3814, abs=5e-5)


def test_fuzzy_is_the_ratio_of_two_jumps():
    """With one bandwidth the fuzzy estimate is the sharp jump of the outcome over that of take-up."""
    x, y = drawn(1)
    rng = np.random.default_rng(2)
    taken = ((x >= CUTOFF) & (rng.random(len(x)) < 0.7)).astype(float)
    fuzzy = discontinuity(panel(x, y, taken=taken), bandwidth=8.0)
    sharp = [discontinuity(panel(x, v), bandwidth=8.0) for v in (y, taken)]
    jumps = [s.values[0] for s in sharp]
    np.testing.assert_allclose(fuzzy.basis.lines, sharp[0].basis.lines, rtol=1e-9)
    assert fuzzy.terms == ("late", "first_stage")
    assert fuzzy.values[0] == pytest.approx(jumps[0] / jumps[1], rel=1e-9)
    assert fuzzy.values[1] == pytest.approx(jumps[1], rel=1e-9)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 99), scale=st.floats(0.1, 50), shift=st.floats(-100, 100), stretch=st.floats(0.2, 5))
def test_units_do_not_matter(seed: int, scale: float, shift: float, stretch: float):
    """Another unit of the outcome scales the answer; another unit and origin of the score leaves it."""
    x, y = drawn(seed, 400)
    base = evalkit.infer(discontinuity(panel(x, y))).row("att")
    other = panel(stretch * x + shift, scale * y + shift, cutoff=stretch * CUTOFF + shift)
    moved = evalkit.infer(discontinuity(other)).row("att")
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        assert moved[name] == pytest.approx(scale * base[name], rel=1e-5)
    assert moved["bandwidth_left"] == pytest.approx(stretch * base["bandwidth_left"], rel=1e-5)


def test_order_of_rows_and_names_of_villages_do_not_matter():
    x, y = drawn(3)
    turned = np.random.default_rng(0).permutation(len(x))
    first, second = discontinuity(panel(x, y)), discontinuity(panel(x[turned], y[turned]))
    assert second.values[0] == pytest.approx(first.values[0], rel=1e-9)


def test_weights_count_as_copies():
    """A weight of 2 moves the lines as a second copy of the row does (errors differ: a copy is no second unit)."""
    x, y = drawn(4, 300)
    weights = np.where(np.arange(len(x)) % 3 == 0, 2.0, 1.0)
    again = np.repeat(np.arange(len(x)), weights.astype(int))
    weighted = discontinuity(panel(x, y, weights=weights), bandwidth=9.0)
    copied = discontinuity(panel(x[again], y[again]), bandwidth=9.0)
    assert weighted.values[0] == pytest.approx(copied.values[0], rel=1e-9)


def test_villages_that_move_together_widen_the_interval():
    x, y = drawn(5)
    village = np.arange(len(x)) % 8
    sides = np.random.default_rng(6).normal(0, 4, (8, 2))[village, (x >= CUTOFF).astype(int)]
    alone, together = (evalkit.infer(discontinuity(panel(x, y + sides), clustered=c)).row("att") for c in (False, True))
    assert together["std_error"] > 1.5 * alone["std_error"]


def test_the_naive_comparison_is_wrong_and_the_jump_is_right():
    """True jump 3, but all above less all below is about 11: scores and outcomes rise together."""
    found, naive = [], []
    for seed in range(60):
        x, y = drawn(seed)
        found.append(evalkit.infer(discontinuity(panel(x, y))).row("att"))
        naive.append(y[x >= CUTOFF].mean() - y[x < CUTOFF].mean())
    covered = np.mean([r["conf_low"] <= 3 <= r["conf_high"] for r in found])
    mean = np.mean([r["estimate"] for r in found])
    assert abs(mean - 3) < 0.35  # Monte Carlo error of 60 draws: about .07; curvature leaves a little bias
    assert covered >= 0.87  # 60 draws at 95 %: fewer than 52 covered happens once in 400
    assert min(naive) > 8


def test_lifted_scores_are_seen_and_the_gate_says_less():
    x, y = drawn(7, 1500)
    lifted = np.where((x >= 57) & (x < 60) & (np.random.default_rng(1).random(len(x)) < 0.8), x + 3, x)
    kept, moved = density_test(panel(x, y)), density_test(panel(lifted, y))
    assert moved < 0.01 < 0.05 < kept
    evidence = Evidence("threshold", 8, 8, has_interval=True, at_cutoff=True, density_p=kept)
    assert open_gate(evidence).claim == "effect_at_cutoff"
    for p in (moved, None):
        weaker = Evidence("threshold", 8, 8, has_interval=True, at_cutoff=True, density_p=p)
        assert open_gate(weaker).claim == "change_only"


def test_other_bandwidths_and_the_hole():
    x, y = drawn(8)
    estimate = discontinuity(panel(x, y))
    checks = cutoff_checks(panel(x, y), estimate)
    rows = {r["check"]: r for r in checks.bandwidths.to_dicts()}
    chosen = estimate.basis.bandwidth[0]
    assert rows["half"]["bandwidth"] == pytest.approx(chosen / 2)
    assert rows["double"]["bandwidth"] == pytest.approx(2 * chosen)
    assert rows["chosen"]["estimate"] == pytest.approx(estimate.values[0])
    near = np.abs(x - CUTOFF) < rows["donut"]["donut"]
    assert near.any()
    alone = discontinuity(panel(x[~near], y[~near]), bandwidth=chosen)
    assert rows["donut"]["estimate"] == pytest.approx(alone.values[0], rel=1e-9)


def test_bins_hold_all_units_once_and_enough_of_them():
    x, y = drawn(9, 630)
    bins = cutoff_checks(panel(x, y), discontinuity(panel(x, y))).bins
    assert bins["n_units"].sum() == 630
    assert bins["n_units"].min() >= IN_BIN
    for side, keep in (("below", x < CUTOFF), ("above", x >= CUTOFF)):
        own = bins.filter(pl.col("side") == side)
        assert np.average(own["mean"], weights=own["n_units"]) == pytest.approx(y[keep].mean())


@pytest.mark.parametrize(
    ("cutoff", "scores", "said"),
    [
        (200.0, lambda x: x, "0 above"),
        (0.0, lambda x: x, "0 distinct values"),
        (60.0, lambda x: np.round(x / 5) * 5, "distinct values of 'x' below 60"),
    ],
    ids=["above all scores", "below all scores", "heaped"],
)
def test_too_few_scores_on_a_side_are_refused(cutoff: float, scores, said: str):
    x, y = drawn(10, 300)
    with pytest.raises(DesignError, match=said):
        discontinuity(panel(scores(x), y, cutoff=cutoff))


def test_whole_scores_are_used_and_said():
    """Scores rounded to whole points: rdrobust adjusts for ties, and the note says that there are some."""
    x, y = drawn(11, 900)
    estimate = discontinuity(panel(np.round(x), y))
    assert any("Mass points" in note for note in estimate.notes)
    assert np.isfinite(evalkit.infer(estimate).row("att")["conf_low"])


def test_no_take_up_is_refused():
    x, y = drawn(12, 300)
    with pytest.raises(DesignError, match="all or none took part"):
        discontinuity(panel(x, y, taken=np.ones(len(x))))


def test_a_design_without_a_score_is_refused():
    frame = pl.DataFrame({"v": ["a", "b"] * 4, "d": [0, 1] * 4, "y": [1.0, 2.0] * 4})
    plain = evalkit.Panel.from_frame(frame, design=evalkit.Design(cluster="v", treatment="d"), outcome="y")
    with pytest.raises(DesignError, match="no score with a cut-off"):
        discontinuity(plain)


def test_score_and_cutoff_stand_together():
    with pytest.raises(UsageError, match="only one of running and cutoff"):
        evalkit.Design(cluster="v", running="x")
    with pytest.raises(UsageError, match="exactly one"):
        evalkit.Design(cluster="v", running="x", cutoff=1.0, treatment="d")
    with pytest.raises(UsageError, match="one cross-section"):
        evalkit.Design(cluster="v", running="x", cutoff=1.0, time="t")


def test_rows_without_a_score_are_left_out_and_counted():
    x, y = drawn(13, 300)
    some = [None if i % 10 == 0 else v for i, v in enumerate(x)]
    flow = panel(some, y).flow
    assert [(s.code, s.n_rows) for s in flow.steps] == [("raw_rows", 300), ("scored", 270), ("outcome_observed", 270)]
    assert flow.adds_up()


def test_methods_of_villages_are_refused():
    x, y = drawn(14, 300)
    with pytest.raises(DesignError, match="near the cut-off"):
        evalkit.infer(discontinuity(panel(x, y)), "crv2")


def test_intervals_at_a_cutoff_are_for_nothing_else():
    frame = pl.DataFrame({"v": list("abcdabcd"), "d": [0, 1, 0, 1] * 2, "y": np.arange(8.0)})
    plain = evalkit.Panel.from_frame(frame, design=evalkit.Design(cluster="v", treatment="d"), outcome="y")
    estimate = evalkit.itt(evalkit.Moments.from_panel(plain))
    with pytest.raises(DesignError, match="not made at a cut-off"):
        evalkit.infer(estimate, "robust_bias_corrected")


def test_a_missing_extra_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name in ("rdrobust", "rddensity"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    x, y = drawn(15, 300)
    with pytest.raises(DesignError, match=r"pip install .*evalkit\[discontinuity\]"):
        discontinuity(panel(x, y))
    with pytest.raises(DesignError, match=r"pip install .*evalkit\[discontinuity\]"):
        density_test(panel(x, y))
