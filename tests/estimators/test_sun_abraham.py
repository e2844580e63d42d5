"""Sun–Abraham: cases by hand, attrition at adoption, the last treated as comparison, cohorts of one village."""

from __future__ import annotations

import polars as pl
import pytest

import evalkit
from evalkit import Design, Moments
from tests.small_panels import village_panel

DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first")


def _moments(frame: pl.DataFrame, design: Design = DESIGN) -> Moments:
    return Moments.from_frame(frame, design=design, outcomes=["y"])


def _panel(households: dict[str, tuple[float | None, ...]], first: dict[str, int]) -> pl.DataFrame:
    """Return rows of households named after their village; None is a missed round."""
    rows = [
        (name, name[0], t, first.get(name[0], 0), float(y))
        for name, ys in households.items()
        for t, y in enumerate(ys, 1)
        if y is not None
    ]
    return pl.DataFrame(rows, schema=["household", "village", "round", "first", "y"], orient="row")


def _found(estimate: evalkit.Estimate) -> dict[str, float]:
    return dict(zip(estimate.terms, estimate.values.tolist(), strict=True))


# Round         1  2   3   4   beside c (0, 1, 2, 3):   -2  -1   0   1   2
#   a from 2    5  8  10  15                                 0   2   3   7
#   b from 3    2  4   8  11   (two households)          -1  0   3   5
A, B, C = (5, 8, 10, 15), (2, 4, 8, 11), (0, 1, 2, 3)
TWO_COHORTS = _panel({"a1": A, "b1": B, "b2": B, "c1": C}, {"a": 2, "b": 3})


def test_by_hand() -> None:
    """Event time 0: (2 + 2·3)/3, 1: (3 + 2·5)/3, 2: a alone, 7; -2: b alone. att: (2 + 3 + 7 + 2·3 + 2·5)/7 = 4."""
    estimate = evalkit.sun_abraham(_moments(TWO_COHORTS))
    right = {"att": 4, "event_time=-2": -1, "event_time=-1": 0, "event_time=0": 8 / 3, "event_time=1": 13 / 3}
    assert _found(estimate) == pytest.approx({**right, "event_time=2": 7}, abs=1e-12)
    assert estimate.columns["n_treated_units"] == (3, 2, 3, 3, 3, 1)
    base = evalkit.infer(estimate, "crv1").row("event_time=-1")
    assert [base[n] for n in ("std_error", "p_value", "conf_low")] == [None] * 3


def test_a_household_away_at_adoption_stays_in_its_cohort() -> None:
    """b3 starts in round 3 like its village and is away then: in round 4 it is at event time 1, not 0.

    Less c, b1 and b2 show -1, 0, 3, 5 from their base, b3 shows -1, 0, away, 14. Least squares with levels α of b1, b2
    and α' of b3, s = (2α + α')/3: δ₋₂ = -1 - s, δ₀ = 3 - α, δ₁ = (5 + 5 + 14)/3 - s; the residuals of a household sum
    to 0: -3α + 2s - 3 = 0 and -3α' + 2s + 6 = 0, so s = 0, α = -1, α' = 2. δ₀ = 4 and δ₁ = 8, beside a's 2 and 3.
    A package that takes the first treated round that it sees for the cohort has a third cohort here.
    """
    rows = _panel({"a1": A, "b1": B, "b2": B, "b3": (2, 4, None, 20), "c1": C}, {"a": 2, "b": 3})
    found = _found(evalkit.sun_abraham(_moments(rows)))
    assert found["event_time=0"] == pytest.approx((2 + 2 * 4) / 3, rel=1e-12)
    assert found["event_time=1"] == pytest.approx((3 + 3 * 8) / 4, rel=1e-12)


def test_last_treated_as_comparison() -> None:
    """Nobody is never treated: b (from 3) is the comparison of a, in rounds 1 and 2 only: (8 - 5) - (4 - 2) = 1."""
    rows = TWO_COHORTS.filter(pl.col("first") > 0)
    estimate = evalkit.sun_abraham(_moments(rows))
    assert _found(estimate) == pytest.approx({"att": 1, "event_time=-1": 0, "event_time=0": 1}, abs=1e-12)
    assert estimate.notes[1] == "nobody is never treated: the comparison is the cohort of 3, in rounds before 3"
    counts = estimate.counts
    assert (counts.n_obs, counts.n_treated_clusters, counts.n_comparison_clusters) == (6, 1, 1)


def test_anticipation_moves_base_and_comparison() -> None:
    """One round of anticipation: b's base is round 1, a has none; with b last, only rounds before 2 would be left."""
    found = evalkit.sun_abraham(_moments(TWO_COHORTS), anticipation=1)
    assert found.notes[1] == "cohorts left out, as no household of theirs is seen at event_time=-2: 2"
    assert _found(found) == pytest.approx(
        {"att": 5, "event_time=-2": 0, "event_time=-1": 1, "event_time=0": 4, "event_time=1": 6}, abs=1e-12
    )


def test_always_treated_are_left_out_and_named() -> None:
    rows = pl.concat([TWO_COHORTS, _panel({"z1": (1, 9, 2, 7)}, {"z": 1})])
    estimate = evalkit.sun_abraham(_moments(rows))
    assert _found(estimate) == pytest.approx(_found(evalkit.sun_abraham(_moments(TWO_COHORTS))), abs=1e-12)
    assert "cohorts left out, as no household of theirs is seen at event_time=-1: 1" in estimate.notes


def test_a_cohort_of_one_village_is_named_and_left_out_of_averages() -> None:
    """Its coefficients fit the village exactly: kept, they leave att without an interval by CRV2."""
    frame = village_panel(6, [2, 4, 4, 0, 0, 0], rounds=5, missing=0.1)
    left, kept = (evalkit.sun_abraham(_moments(frame), min_villages=n) for n in (2, 1))
    lone = "averages leave out event times seen in too few villages for an interval: cohort 2 at 0, 1, 2, 3"
    assert lone in left.notes
    assert lone not in kept.notes
    assert evalkit.infer(left, "crv2").row("att")["std_error"] is not None
    assert evalkit.infer(kept, "crv2").row("att")["std_error"] is None
    assert evalkit.infer(left, "crv2").row("event_time=3")["std_error"] is None


def test_households_and_villages_seen_before_the_start_only_are_not_counted_after_it() -> None:
    """Cohort of round 3: a1, a2 of village a in all rounds, b1 of village b in rounds 1 and 2 only.

    By event time −2, −1, 0, 1: households 3, 3, 2, 2 and villages 2, 2, 1, 1; att has the most from 0 on.
    """
    rows = _panel({"a1": A, "a2": B, "b1": (2, 4, None, None), "c1": C, "d1": C}, {"a": 3, "b": 3})
    columns = evalkit.sun_abraham(_moments(rows), min_villages=1).columns
    assert columns["n_treated_units"] == (2, 3, 3, 2, 2)
    assert columns["n_treated_villages"] == (1, 2, 2, 1, 1)


def test_pilots_that_nobody_saw_after_the_start() -> None:
    rows = _panel({"a1": (1, 2, None, None), "c1": C}, {"a": 3})
    with pytest.raises(evalkit.DesignError, match="no pilot household is observed after adoption"):
        evalkit.sun_abraham(_moments(rows))


def test_randomization_tests_every_term() -> None:
    """All 35 ways to give three of seven villages a start: the p of each term is the share as extreme, not 1."""
    frame = village_panel(9, [3, 3, 3, 0, 0, 0, 0], rounds=4, missing=0.1)
    frame = frame.with_columns(pl.col("y") + 50 * ((pl.col("first") > 0) & (pl.col("round") == 4)))
    table = evalkit.infer(evalkit.sun_abraham(_moments(frame)), "randomization")
    assert table.row("event_time=1")["p_value"] == pytest.approx(1 / 35)
    assert 1 / 35 <= table.row("event_time=-2")["p_value"] <= 1
    by_event = evalkit.infer(evalkit.event_study(_moments(frame)), "randomization")
    assert by_event.row("event_time=1")["p_value"] == pytest.approx(1 / 35)


def test_one_round_of_adoption_and_nobody_else() -> None:
    with pytest.raises(evalkit.DesignError, match="all villages are treated in one round"):
        evalkit.sun_abraham(_moments(village_panel(3, [2, 2, 2])))


def test_last_treated_needs_one_weight_a_household() -> None:
    changing = Design(unit="household", cluster="village", time="round", first_treated="first", weights="round_weight")
    frame = village_panel(3, [2, 2, 3, 3], rounds=4)
    with pytest.raises(evalkit.DataError, match="sun_abraham without households that are never treated"):
        evalkit.sun_abraham(_moments(frame, changing))


def test_no_round_before_adoption() -> None:
    with pytest.raises(evalkit.DesignError, match="event_time=-1, the base"):
        evalkit.sun_abraham(_moments(village_panel(3, [1, 1, 0, 0])))
