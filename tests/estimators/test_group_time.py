"""group_time: small cases worked by hand, and what must hold whatever the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, Moments
from evalkit.estimators.aggregate import Averages, Part, Place
from evalkit.moments.merge import merged
from tests.small_panels import village_panel

FEW = settings(max_examples=20)
ROUNDING = 1e-9
"""Relative to the outcome's spread: sums of villages are rounded before they are subtracted."""
FOLLOWED = Design(unit="household", cluster="village", time="round", first_treated="first")
WEIGHTED = Design(unit="household", cluster="village", time="round", first_treated="first", weights="weight")


def _moments(frame: pl.DataFrame, design: Design = FOLLOWED) -> Moments:
    return Moments.from_frame(frame, design=design, outcomes=["y"])


def _values(data: Moments, **choices: Any) -> dict[str, float | None]:
    return dict(evalkit.group_time(data, **choices).tidy().select("term", "estimate").iter_rows())


def _rows(households: dict[str, tuple[int, list[float | None]]]) -> pl.DataFrame:
    """Return rows from household: (first treated round, outcomes from round 1 on); the village is the first letter."""
    rows = [
        (name, name[0].upper(), t, first, y)
        for name, (first, ys) in households.items()
        for t, y in enumerate(ys, 1)
        if y is not None
    ]
    return pl.DataFrame(rows, schema=["household", "village", "round", "first", "y"], orient="row")


# Two pilot villages (A, B) start in round 2; C and D never do. Changes from round 1 to 2:
#   A  a1 3, a2 5   B  b1 1, b2 3   pilot mean 3        C  c1 0, c2 2   D  d1 -1, d2 -1   comparison mean 0
TWO_BY_TWO = _rows(
    {
        "a1": (2, [10, 13]),
        "a2": (2, [7, 12]),
        "b1": (2, [8, 9]),
        "b2": (2, [20, 23]),
        "c1": (0, [5, 5]),
        "c2": (0, [9, 11]),
        "d1": (0, [12, 11]),
        "d2": (0, [6, 5]),
    }
)


def test_two_by_two() -> None:
    """ATT(2, 2) = 3 - 0. Deviations from the arm's mean sum by village to A 2, B -2, C 2, D -2; each arm has four
    households, so ψ = ±2/4 and Σ ψ² = 1, without a small-sample factor.

    Without A the pilot mean is 2, without B 4; without C the comparison's is -1 (effect 4), without D 1 (2).
    Jackknife: 3/4 · (1 + 1 + 1 + 1) = 3.
    """
    estimate = evalkit.group_time(_moments(TWO_BY_TWO))
    assert estimate.terms == ("att", "cohort=2,time=2")
    assert estimate.values == pytest.approx([3.0, 3.0], rel=1e-12)
    assert estimate.basis.psi[:, 0] == pytest.approx([0.5, -0.5, -0.5, 0.5], rel=1e-12)
    assert evalkit.infer(estimate, "crv1").row("att")["std_error"] == pytest.approx(1.0, rel=1e-12)
    row = evalkit.infer(estimate, "auto").row("att")
    assert (row["inference"], row["df"], row["n_obs"], row["n_units"]) == ("crv3", 3, 16, 8)
    assert row["std_error"] == pytest.approx(3**0.5, rel=1e-12)


def test_two_groups_and_two_periods_are_did() -> None:
    assert evalkit.group_time(_moments(TWO_BY_TWO)).values[0] == pytest.approx(
        evalkit.did(_moments(TWO_BY_TWO)).values[0], rel=1e-12
    )


# Three cohorts in four rounds; in a village all households are alike up to a level. By round:
#                    1   2   3   4
#   A, 2 households  0   4   6   9    starts in round 2
#   B, 1 household   0   1   5   7    starts in round 3
#   C, 1 household   0   2   2   6    starts in round 4
#   D, 2 households  0   1   2   3    never
PATHS = {"a": (2, [0, 4, 6, 9], 2), "b": (3, [0, 1, 5, 7], 1), "c": (4, [0, 2, 2, 6], 1), "d": (0, [0, 1, 2, 3], 2)}
THREE_COHORTS = _rows(
    {f"{v}{h}": (first, [y + 10.0 * h for y in ys]) for v, (first, ys, n) in PATHS.items() for h in range(n)}
)


def test_three_cohorts_against_never() -> None:
    """Base is the round before the start; the comparison (D) gains 1 a round.

    A: 4-1 = 3, 6-2 = 4, 9-3 = 6.   B: before 1-1 = 0; 4-1 = 3, 6-2 = 4.   C: before 2-1 = 1, 0-1 = -1; 4-1 = 3.
    simple (households 2, 1, 1): (2(3+4+6) + 3+4 + 3)/(2·3 + 2 + 1) = 36/9 = 4
    dynamic: e=0 (2·3+3+3)/4 = 3; e=1 (2·4+4)/3 = 4; e=2 6; mean 13/3
    group: A 13/3, B 7/2, C 3: (2·13/3 + 7/2 + 3)/4 = 91/24
    calendar: round 2: 3; 3: (2·4+3)/3 = 11/3; 4: (2·6+4+3)/4 = 19/4; mean 137/36
    """
    data = _moments(THREE_COHORTS)
    single = _values(data, comparison="never", aggregate="none")
    assert "att" not in single
    assert single == pytest.approx(
        {
            "cohort=2,time=2": 3,
            "cohort=2,time=3": 4,
            "cohort=2,time=4": 6,
            "cohort=3,time=2": 0,
            "cohort=3,time=3": 3,
            "cohort=3,time=4": 4,
            "cohort=4,time=2": 1,
            "cohort=4,time=3": -1,
            "cohort=4,time=4": 3,
        },
        abs=1e-12,
    )
    assert _values(data, comparison="never")["att"] == pytest.approx(4, rel=1e-12)
    dynamic = _values(data, comparison="never", aggregate="dynamic")
    # e=-2: C 1; e=-1: (B 0 + C -1)/2
    times = {"att": 13 / 3, "event_time=-2": 1, "event_time=-1": -0.5}
    times |= {"event_time=0": 3, "event_time=1": 4, "event_time=2": 6}
    assert dynamic == pytest.approx(times, abs=1e-12)
    group = _values(data, comparison="never", aggregate="group")
    assert group == pytest.approx({"att": 91 / 24, "cohort=2": 13 / 3, "cohort=3": 3.5, "cohort=4": 3}, rel=1e-12)
    calendar = _values(data, comparison="never", aggregate="calendar")
    assert calendar == pytest.approx({"att": 137 / 36, "time=2": 3, "time=3": 11 / 3, "time=4": 4.75}, rel=1e-12)


def test_not_yet_treated_serve_until_they_start() -> None:
    """A in round 2: B, C and D serve: 4 - (1 + 2 + 1 + 1)/4. In round 3 C and D: 6 - (2 + 2 + 2)/3. In round 4 D: 6.

    C in round 2 is compared with B and D, not with itself: 2 - (1 + 1 + 1)/3 = 1.
    """
    found = _values(_moments(THREE_COHORTS), comparison="not_yet", aggregate="none")
    assert [found[f"cohort=2,time={t}"] for t in (2, 3, 4)] == pytest.approx([4 - 5 / 4, 4.0, 6.0], rel=1e-12)
    assert found["cohort=4,time=2"] == pytest.approx(1.0, rel=1e-12)


def test_universal_base_and_anticipation() -> None:
    """C starts in round 4; with one base its last round before is 3: round 1: (0-2) - (0-2) = 0, round 2: (2-2) - (1-2)
    = 1, round 3 the base, round 4: 3. With one round of anticipation the base is round 2: round 3: (2-2) - (2-1) = -1,
    round 4: (6-2) - (3-1) = 2. A then has no round before it may change.
    """
    data = _moments(THREE_COHORTS)
    found = _values(data, comparison="never", base="universal", aggregate="none")
    assert [found[f"cohort=4,time={t}"] for t in (1, 2, 3, 4)] == pytest.approx([0, 1, 0, 3], abs=1e-12)
    estimate = evalkit.group_time(data, comparison="never", base="universal", anticipation=1, aggregate="none")
    ahead = dict(estimate.tidy().select("term", "estimate").iter_rows())
    assert [ahead[f"cohort=4,time={t}"] for t in (2, 3, 4)] == pytest.approx([0, -1, 2], abs=1e-12)
    assert "cohorts without a round before they may change are left out: 2" in estimate.notes
    assert not any(term.startswith("cohort=2") for term in ahead)


def test_the_base_is_fixed_and_has_no_interval() -> None:
    result = evalkit.infer(
        evalkit.group_time(_moments(village_panel(2, [3, 3, 3, 0, 0, 0])), base="universal", aggregate="dynamic")
    )
    base = result.row("event_time=-1")
    assert (base["estimate"], base["std_error"], base["p_value"]) == (0.0, None, None)
    assert result.row("event_time=0")["std_error"] > 0


# Attrition. A starts in round 2 (by the roster); a2 misses round 2 and comes back in round 3.
#   A  a1 1 4 6     a2 2 – 8      C  c1 0 1 2   c2 5 5 7
ATTRITION = _rows({"a1": (2, [1, 4, 6]), "a2": (2, [2, None, 8]), "c1": (0, [0, 1, 2]), "c2": (0, [5, 5, 7])})


def test_a_household_that_misses_its_first_treated_round_keeps_its_cohort() -> None:
    """Round 3 is event time 1 for a2 too: ((6-1) + (8-2))/2 - ((2-0) + (7-5))/2 = 3.5. Taking the first treated round
    in which it was seen as its start (round 3) would make its 6 an effect at event time 0 and leave 5 - 2 = 3 at 1.

    Event time 0 rests on a1: 3 - (1 + 0)/2 = 2.5.
    """
    estimate = evalkit.group_time(_moments(ATTRITION), aggregate="dynamic")
    found = dict(estimate.tidy().select("term", "estimate").iter_rows())
    assert found["event_time=1"] == pytest.approx(3.5, rel=1e-12)
    assert found["event_time=0"] == pytest.approx(2.5, rel=1e-12)
    assert "4 of 4 households and 11 of 11 rows enter" in estimate.notes


@pytest.mark.parametrize(
    ("sample", "event_0", "households"),
    [
        ("pairwise", 2.5, 4),  # a1 alone in A
        ("all_rows", 4 - 1.5 - (3 - 2.5), 4),  # means of whoever was seen: A 1.5 and 4, C 2.5 and 3
        ("complete", 2.5, 3),  # a2 is left out of every round
    ],
)
def test_samples(sample: Any, event_0: float, households: int) -> None:
    estimate = evalkit.group_time(_moments(ATTRITION), sample=sample, aggregate="dynamic")
    assert estimate.values[estimate.terms.index("event_time=0")] == pytest.approx(event_0, rel=1e-12)
    assert estimate.counts.n_units == households
    assert any(note.startswith(f"{households} of 4 households and") for note in estimate.notes)
    event_1 = estimate.values[estimate.terms.index("event_time=1")]
    assert event_1 == pytest.approx(3.0 if sample == "complete" else 3.5, rel=1e-12)


def test_naive_is_wrong_where_effects_grow_and_this_is_right() -> None:
    """No noise: the effect is 1, 2, 3, … by round since adoption, and villages start in rounds 2, 4 and never.

    Cohort 2 has 1 … 5 in rounds 2 to 6, cohort 4 has 1, 2, 3: mean 21/8. One coefficient for all rounds (did) uses
    early adopters, whose effect still grows, as comparison.
    """
    frame = _rows(
        {
            f"{v}{h}": (first, [h + 2.0 * t + max(0, t - first + 1) * (first > 0) for t in range(1, 7)])
            for v, first in {"a": 2, "b": 2, "c": 4, "d": 4, "e": 0, "f": 0}.items()
            for h in range(3)
        }
    )
    assert evalkit.group_time(_moments(frame)).values[0] == pytest.approx(21 / 8, rel=1e-12)
    assert evalkit.did(_moments(frame)).values[0] < 21 / 8 - 0.2


def test_without_each_village_is_the_estimate_on_the_rest() -> None:
    frame = village_panel(8, [2, 2, 3, 3, 3, 0, 0, 0], rounds=4, missing=0.15)
    for aggregate in ("simple", "dynamic", "group", "calendar"):
        estimate = evalkit.group_time(_moments(frame, WEIGHTED), aggregate=aggregate)
        away = estimate.basis.left_out()
        for i, village in enumerate(estimate.basis.clusters):
            rest = _values(_moments(frame.filter(pl.col("village") != village), WEIGHTED), aggregate=aggregate)
            assert [rest[t] for t in estimate.terms] == pytest.approx(away[i].tolist(), rel=ROUNDING), village


def test_a_cohort_of_one_village() -> None:
    """Without it the cohort's own terms are undetermined, and the average is that of the others."""
    frame = village_panel(9, [2, 3, 3, 0, 0, 0], rounds=4, missing=0.0)
    estimate = evalkit.group_time(_moments(frame))
    result = evalkit.infer(estimate)
    assert result.row("cohort=2,time=2")["std_error"] is None
    assert result.row("att")["std_error"] > 0
    rest = _values(_moments(frame.filter(pl.col("village") != "v0")))
    assert estimate.basis.left_out()[0, 0] == pytest.approx(rest["att"], rel=ROUNDING)
    path = evalkit.infer(evalkit.group_time(_moments(frame), aggregate="dynamic"))
    assert path.row("event_time=2")["std_error"] is None


def test_what_nobody_can_be_compared_with_is_null() -> None:
    """All start in the end. In round 4 nobody is left to compare with; in round 3 cohort 4 has only itself.

    The average does without. Cohorts 3 and 4 (four villages) served as comparison.
    """
    frame = village_panel(10, [2, 2, 3, 3, 4, 4], rounds=4, missing=0.0)
    result = evalkit.infer(evalkit.group_time(_moments(frame)))
    assert result.row("cohort=2,time=4")["estimate"] is None
    assert result.row("att")["estimate"] is not None
    lost = "cohort=2,time=4, cohort=3,time=4, cohort=4,time=3, cohort=4,time=4"
    assert f"nobody to compare for {lost}" in result.estimate.notes
    assert result.estimate.counts.n_comparison_clusters == 4


def test_what_the_design_does_not_allow() -> None:
    everyone = village_panel(11, [2, 2, 2], rounds=3)
    with pytest.raises(evalkit.DesignError, match="no cohort can be compared with any other after adoption"):
        evalkit.group_time(_moments(everyone))
    with pytest.raises(evalkit.DesignError, match="let those not yet treated serve"):
        evalkit.group_time(_moments(village_panel(11, [2, 2, 3, 3])), comparison="never")
    with pytest.raises(evalkit.DesignError, match="no cohort has a round before it may change"):
        evalkit.group_time(_moments(village_panel(11, [2, 2, 0, 0])), anticipation=1)
    changing = Design(unit="household", cluster="village", time="round", first_treated="first", weights="round_weight")
    by_round = _moments(village_panel(11, [2, 2, 0, 0]), changing)
    with pytest.raises(evalkit.DataError, match="weights: they change between a household's rounds"):
        evalkit.group_time(by_round)
    assert np.isfinite(evalkit.group_time(by_round, sample="all_rows").values).all()
    with pytest.raises(evalkit.UsageError, match=r"base: 'universe' is unknown \(nearest: 'universal'\)"):
        evalkit.group_time(by_round, base="universe")


def test_from_the_panel() -> None:
    panel = evalkit.Panel.from_frame(ATTRITION, design=FOLLOWED, outcome="y")
    assert evalkit.group_time(panel).tidy().equals(evalkit.group_time(_moments(ATTRITION)).tidy())


# Covariates


# One pilot village (A) and two comparison villages (C, D); x is 0 or 1, known before. Changes from round 1 to 2:
#   A  x=1: 9, 7   x=0: 4      C  x=1: 5   x=0: 1      D  x=1: 3, 4   x=0: 1, 2, 2
# comparison: x=1 mean 4, x=0 mean 3/2; pilot: x=1 mean 8, x=0 4
BY_X = {"A": [(1, 9), (1, 7), (0, 4)], "C": [(1, 5), (0, 1)], "D": [(1, 3), (1, 4), (0, 1), (0, 2), (0, 2)]}
WITH_X = pl.DataFrame(
    [
        (f"{v}{h}", v, t, 2 if v == "A" else 0, x, float(change * (t == 2) + 10 * h))
        for v, households in BY_X.items()
        for h, (x, change) in enumerate(households)
        for t in (1, 2)
    ],
    schema=["household", "village", "round", "first", "x", "y"],
    orient="row",
)


@pytest.mark.parametrize("method", ["dr", "reg", "ipw"])
def test_covariates_by_hand(method: Any) -> None:
    """With one 0/1 covariate each method compares like with like: (2·(8 - 4) + 1·(4 - 3/2))/3 = 3.5.

    Without x: (9 + 7 + 4)/3 - 18/7. The logit's solution is iterated to 1e-8 of its deviance.
    """
    panel = evalkit.Panel.from_frame(WITH_X, design=FOLLOWED, outcome="y", covariates=["x"])
    estimate = evalkit.group_time(panel, covariates=["x"], method=method)
    assert estimate.values[0] == pytest.approx(3.5, rel=1e-6)
    assert estimate.basis.psi.sum(axis=0) == pytest.approx(0, abs=1e-6)
    assert evalkit.group_time(panel).values[0] == pytest.approx(20 / 3 - 18 / 7, rel=1e-12)
    # without D the comparison is C: x=1 5, x=0 1
    away = estimate.basis.left_out()
    assert away[estimate.basis.clusters.index("D"), 0] == pytest.approx((2 * (8 - 5) + (4 - 1)) / 3, rel=1e-6)
    assert np.isnan(away[estimate.basis.clusters.index("A"), 0])


@pytest.mark.parametrize("method", ["dr", "reg", "ipw"])
def test_a_covariate_that_is_alike_for_all_methods_changes_nothing_else(method: Any) -> None:
    """A 0/1 covariate with the same share in both arms and no effect on changes leaves the estimate as it is."""
    balanced = TWO_BY_TWO.with_columns(pl.col("household").str.ends_with("1").cast(pl.Int64).alias("x"))
    panel = evalkit.Panel.from_frame(balanced, design=FOLLOWED, outcome="y", covariates=["x"])
    assert evalkit.group_time(panel, covariates=["x"], method=method).values[0] == pytest.approx(3.0, rel=1e-6)


def test_what_covariates_do_not_allow() -> None:
    frame = WITH_X.with_columns((2 * pl.col("x")).alias("twice"), (pl.col("first") > 0).cast(pl.Int64).alias("arm"))
    panel = evalkit.Panel.from_frame(frame, design=FOLLOWED, outcome="y", covariates=["x", "twice", "arm"])
    with pytest.raises(evalkit.UsageError, match="covariates with Moments"):
        evalkit.group_time(_moments(WITH_X), covariates=["x"])
    with pytest.raises(evalkit.UsageError, match="'all_rows' with covariates"):
        evalkit.group_time(panel, covariates=["x"], sample="all_rows")
    with pytest.raises(evalkit.UsageError, match="the panel does not hold z"):
        evalkit.group_time(panel, covariates=["z"])
    with pytest.raises(evalkit.DesignError, match="covariates: collinear with those before them: twice"):
        evalkit.group_time(panel, covariates=["x", "twice"])
    for method in ("dr", "reg", "ipw"):  # a covariate that tells the arms apart leaves nobody to compare
        with pytest.raises(evalkit.DesignError, match="no cohort can be compared"):
            evalkit.group_time(panel, covariates=["arm"], method=method)


def test_the_round_of_adoption_may_bear_the_number_0() -> None:
    """Rounds −1 and 0, and a column that says who is treated: the start is round 0, all else is as with rounds 1, 2."""
    on = ((pl.col("first") > 0) & (pl.col("round") == 2)).cast(pl.Int64)
    rows = TWO_BY_TWO.with_columns(on.alias("on"), pl.col("round") - 2)
    design = Design(unit="household", cluster="village", time="round", treatment="on")
    estimate = evalkit.group_time(_moments(rows, design))
    assert estimate.terms == ("att", "cohort=0,time=0")
    assert estimate.values == pytest.approx([3.0, 3.0], rel=1e-12)
    assert (estimate.counts.n_treated_clusters, estimate.counts.n_comparison_clusters) == (2, 2)
    assert estimate.basis.untreated.tolist() == [False, False, True, True]


def test_an_average_without_weight_is_undefined_and_not_0() -> None:
    """Averages of two ATTs, 4 and 7, where the second has no weight: 4; where neither has any: NaN."""
    part = Part("all", np.ones(2))
    averages = Averages((Place(1, 1), Place(1, 2)), (part,))
    found = averages.of(np.array([4.0, 7.0]), np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert found[0].tolist() == [4.0]
    assert np.isnan(found[1]).all()


@pytest.mark.parametrize("method", ["dr", "reg"])
def test_a_kind_of_household_that_only_pilot_villages_have(method: Any) -> None:
    """No comparison household is of kind "new": what such a household would have gained is not known."""
    new = (pl.col("first") > 0) & (pl.col("x") == 1)
    rows = WITH_X.with_columns(pl.when(new).then(pl.lit("new")).otherwise(pl.lit("a")).alias("kind"))
    panel = evalkit.Panel.from_frame(rows, design=FOLLOWED, outcome="y", covariates=["kind"])
    with pytest.raises(evalkit.DesignError, match="no cohort can be compared"):
        evalkit.group_time(panel, covariates=["kind"], method=method)


# Whatever the data


def _panels() -> st.SearchStrategy[pl.DataFrame]:
    dates = st.lists(st.sampled_from([2, 3]), min_size=4, max_size=4)
    return st.builds(
        lambda seed, first: village_panel(seed, [*first, 0, 0, 0, 0], households=5, rounds=4, missing=0.2),
        st.integers(0, 10_000),
        dates,
    )


CHOICES = st.fixed_dictionaries(
    {
        "aggregate": st.sampled_from(["simple", "dynamic", "group", "calendar", "none"]),
        "sample": st.sampled_from(["pairwise", "all_rows"]),
        "comparison": st.sampled_from(["never", "not_yet"]),
        "base": st.sampled_from(["varying", "universal"]),
    }
)


def _table(data: Moments, choices: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    result = evalkit.infer(evalkit.group_time(data, **choices), "crv1")
    return result.estimate.values, result.std_error


def _close(found: Any, expected: Any, factor: float = 1.0) -> None:
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b * factor, rtol=ROUNDING, atol=ROUNDING * factor)


@FEW
@given(frame=_panels(), choices=CHOICES, seed=st.integers(0, 99), factor=st.floats(1e-3, 1e5))
def test_order_units_and_parts(frame: pl.DataFrame, choices: dict[str, Any], seed: int, factor: float) -> None:
    """Row order changes nothing; another unit of money rescales; disjoint moments add to the whole."""
    whole = _table(_moments(frame, WEIGHTED), choices)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=seed)
    for found, expected in zip(_table(_moments(shuffled, WEIGHTED), choices), whole, strict=True):
        np.testing.assert_array_equal(found, expected)
    _close(_table(_moments(frame.with_columns(pl.col("y") * factor), WEIGHTED), choices), whole, factor)
    inside = pl.col("household").hash(seed) % 2 == 0
    halves = [_moments(frame.filter(side), WEIGHTED) for side in (inside, ~inside)]
    _close(_table(merged(halves, households_are_disjoint=True), choices), whole)


@FEW
@given(frame=_panels(), choices=CHOICES, seed=st.integers(0, 99))
def test_a_level_for_each_household_changes_nothing(frame: pl.DataFrame, choices: dict[str, Any], seed: int) -> None:
    """Changes lose it. (Means of whoever was seen don't, so `all_rows` is left out.)"""
    names = frame["household"].unique().sort()
    levels = dict(zip(names, np.random.default_rng(seed).normal(0, 100, len(names)).tolist(), strict=True))
    moved = frame.with_columns(pl.col("y") + pl.col("household").replace_strict(levels))
    fixed = choices | {"sample": "pairwise"}
    for a, b in zip(_table(_moments(moved, WEIGHTED), fixed), _table(_moments(frame, WEIGHTED), fixed), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9)


@FEW
@given(frame=_panels(), choices=CHOICES, seed=st.integers(0, 99))
def test_a_weight_of_two_is_two_households(frame: pl.DataFrame, choices: dict[str, Any], seed: int) -> None:
    doubled = pl.col("household").hash(seed) % 3 == 0
    weighted = frame.with_columns(pl.when(doubled).then(2.0).otherwise(1.0).alias("weight"))
    copies = pl.concat([frame, frame.filter(doubled).with_columns(pl.col("household") + "_again")])
    _close(_table(_moments(weighted, WEIGHTED), choices), _table(_moments(copies), choices))


@FEW
@given(frame=_panels(), choices=CHOICES)
def test_influence_sums_to_zero(frame: pl.DataFrame, choices: dict[str, Any]) -> None:
    psi = evalkit.group_time(_moments(frame, WEIGHTED), **choices).basis.psi
    np.testing.assert_allclose(np.nan_to_num(psi).sum(axis=0), 0, atol=1e-12)
