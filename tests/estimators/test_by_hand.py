"""Small cases worked by hand in the comments: did, pre_post, event_study, itt with weights, and their intervals."""

from __future__ import annotations

import polars as pl
import pytest
from scipy.stats import ttest_ind

import evalkit
from evalkit import Design, Moments

FOLLOWED = Design(unit="household", cluster="village", time="round", first_treated="first")

# Two pilot villages (A, B) that start in round 2 and two comparison villages (C, D), two households each.
#              round 1, round 2    change   mean change of the village
#   A  a1         10       13        3
#      a2          7       12        5          4
#   B  b1          8        9        1
#      b2         20       23        3          2      pilot       (3 + 5 + 1 + 3)/4 = 3
#   C  c1          5        5        0
#      c2          9       11        2          1
#   D  d1         12       11       -1
#      d2          6        5       -1         -1      comparison  (0 + 2 - 1 - 1)/4 = 0
TWO_BY_TWO = pl.DataFrame(
    [
        (name, name[0].upper(), t, 2 if name[0] in "ab" else 0, float(y))
        for name, ys in {
            "a1": (10, 13),
            "a2": (7, 12),
            "b1": (8, 9),
            "b2": (20, 23),
            "c1": (5, 5),
            "c2": (9, 11),
            "d1": (12, 11),
            "d2": (6, 5),
        }.items()
        for t, y in enumerate(ys, 1)
    ],
    schema=["household", "village", "round", "first", "y"],
    orient="row",
)


def _moments(frame: pl.DataFrame, design: Design = FOLLOWED) -> Moments:
    return Moments.from_frame(frame, design=design, outcomes=["y"])


def test_did() -> None:
    """With two rounds it is the difference of mean changes, 3 - 0.

    Residual changes sum by village to A 0 + 2, B -2 + 0, C 0 + 2, D -1 - 1: 2, -2, 2, -2. Each enters the effect with
    1/4 (four households an arm), so Σ (±2/4)² = 1. G/(G-1) = 4/3; N = 16 rows, K = 3 (two rounds, treated): 15/13.
    """
    result = evalkit.infer(evalkit.did(_moments(TWO_BY_TWO)), "crv1")
    row = result.row("att")
    assert row["estimate"] == pytest.approx(3.0, rel=1e-12)
    assert row["std_error"] == pytest.approx((4 / 3 * 15 / 13) ** 0.5, rel=1e-12)
    assert (row["df"], row["n_obs"], row["n_units"], row["n_clusters"], row["n_treated_clusters"]) == (3, 16, 8, 4, 2)


def test_did_says_that_one_coefficient_averages_where_villages_start_in_two_rounds() -> None:
    """With one start there is nothing to say; B started in round 1 instead: two adoption rounds, and the note."""
    assert evalkit.did(_moments(TWO_BY_TWO)).notes == ()
    first = pl.when(pl.col("village") == "B").then(1).otherwise("first")
    (note,) = evalkit.did(_moments(TWO_BY_TWO.with_columns(first=first))).notes
    assert note.startswith("2 adoption rounds")


def test_crv2_of_balanced_villages_is_the_two_sample_t() -> None:
    """Mean changes of villages are 4, 2 and 1, -1: pooled variance 2, standard error √(2(1/2 + 1/2)) = √2, df 4 - 2.

    The two-sample t-test on village means is exact here; CRV2 with Satterthwaite df must be the same number.
    """
    row = evalkit.infer(evalkit.did(_moments(TWO_BY_TWO)), "auto").row("att")
    assert row["inference"] == "crv2"
    assert row["std_error"] == pytest.approx(2**0.5, rel=1e-12)
    assert row["df"] == pytest.approx(2.0, rel=1e-12)
    by_scipy = ttest_ind([4.0, 2.0], [1.0, -1.0])
    assert row["p_value"] == pytest.approx(by_scipy.pvalue, rel=1e-12)
    interval = by_scipy.confidence_interval(0.95)
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((interval.low, interval.high), rel=1e-12)


def test_pre_post() -> None:
    """The pilot's mean change, 3, whatever the comparison villages do.

    A change Δ of two rounds demeaned is ±Δ/2: S = 4 · 1/2 = 2, residual scores A (0 + 2)/2 = 1, B -1; Σ s²/S² = 2/4.
    G/(G-1) = 2; N = 8 rows, K = 2: 7/6.
    """
    row = evalkit.infer(evalkit.pre_post(_moments(TWO_BY_TWO)), "crv1").row("att")
    assert row["estimate"] == pytest.approx(3.0, rel=1e-12)
    assert row["std_error"] == pytest.approx((0.5 * 2 * 7 / 6) ** 0.5, rel=1e-12)
    assert (row["n_obs"], row["n_units"], row["n_clusters"]) == (8, 4, 2)


def test_pre_post_of_households_seen_once_has_no_change() -> None:
    before = TWO_BY_TWO.filter((pl.col("round") == 1) | (pl.col("first") == 0))
    with pytest.raises(evalkit.DesignError, match="no household is seen in two rounds"):
        evalkit.pre_post(_moments(before))


# Three rounds; pilots start in round 3, so round 2 is the base (event time -1). Arm means, equal in all its villages up
# to a village's own level:      round 1   2   3
#   pilot                            5   6  10
#   comparison                       4   4   5
# event_time=-2: (5 - 6) - (4 - 4) = -1      event_time=0: (10 - 6) - (5 - 4) = 3
LEVELS = {"A": 0, "B": 7, "C": -2, "D": 30}
THREE_ROUNDS = pl.DataFrame(
    [
        (f"{v}{h}", v, t, 3 if v in "AB" else None, float(level + h + ((5, 6, 10) if v in "AB" else (4, 4, 5))[t - 1]))
        for v, level in LEVELS.items()
        for h in (0, 1)
        for t in (1, 2, 3)
    ],
    schema=["household", "village", "round", "first", "y"],
    orient="row",
)


def test_event_study() -> None:
    study = evalkit.event_study(_moments(THREE_ROUNDS))
    table = study.tidy()
    assert table["term"].to_list() == ["att", "event_time=-2", "event_time=-1", "event_time=0"]
    assert table["estimate"].to_list() == pytest.approx([3.0, -1.0, 0.0, 3.0], abs=1e-12)
    assert table["event_time"].to_list() == [None, -2, -1, 0]
    assert table["n_treated_units"].to_list() == [4, 4, 4, 4]


def test_the_base_of_an_event_study_has_no_interval() -> None:
    base = evalkit.infer(evalkit.event_study(_moments(THREE_ROUNDS)), "crv1").row("event_time=-1")
    assert [base[name] for name in ("std_error", "statistic", "df", "p_value", "conf_low", "conf_high")] == [None] * 6


def test_exact_fit_has_no_interval() -> None:
    """All villages of an arm change alike here, so nothing varies between them: null, not an error of 1e-16."""
    row = evalkit.infer(evalkit.event_study(_moments(THREE_ROUNDS)), "crv2").row("event_time=0")
    assert (row["std_error"], row["p_value"]) == (None, None)


def test_anticipation_moves_the_base() -> None:
    """With one round of anticipation round 1 is the base: -1: (6-5)-(4-4) = 1, 0: (10-5)-(5-4) = 4."""
    study = evalkit.event_study(_moments(THREE_ROUNDS), anticipation=1).tidy()
    found = dict(study.select("term", "estimate").iter_rows())
    assert found["event_time=-2"] == 0
    assert found["event_time=-1"] == pytest.approx(1.0, abs=1e-12)
    assert found["event_time=0"] == pytest.approx(4.0, abs=1e-12)


# One round with weights.   pilot       A: 4 (w 1), 8 (w 3)   B: 6 (w 2)     mean (4 + 24 + 12)/6 = 20/3
#                           comparison  C: 1 (w 1), 3 (w 1)   D: 5 (w 2)     mean (1 + 3 + 10)/4  =  7/2
WEIGHTED = pl.DataFrame(
    [
        ("a1", "A", 1, 1.0, 4.0),
        ("a2", "A", 1, 3.0, 8.0),
        ("b1", "B", 1, 2.0, 6.0),
        ("c1", "C", 0, 1.0, 1.0),
        ("c2", "C", 0, 1.0, 3.0),
        ("d1", "D", 0, 2.0, 5.0),
    ],
    schema=["household", "village", "treated", "w", "y"],
    orient="row",
)


def test_itt_with_weights() -> None:
    """20/3 - 7/2 = 19/6.

    Σ w·residual: A 1·(4 - 20/3) + 3·(8 - 20/3) = 4/3, B -4/3, C (1 - 7/2) + (3 - 7/2) = -3, D 3; divided by the arm's
    weight: 2(4/3)²/36 + 2·9/16 = 793/648. G/(G-1) = 4/3; N = 6, K = 2: 5/4.
    """
    design = Design(unit="household", cluster="village", treatment="treated", weights="w")
    row = evalkit.infer(evalkit.itt(_moments(WEIGHTED, design)), "crv1").row("att")
    assert row["estimate"] == pytest.approx(19 / 6, rel=1e-12)
    assert row["std_error"] == pytest.approx((793 / 648 * 4 / 3 * 5 / 4) ** 0.5, rel=1e-12)
    assert (row["n_obs"], row["n_clusters"], row["n_treated_clusters"]) == (6, 4, 2)


def test_classical_is_the_two_sample_t_of_rows() -> None:
    """Without weights: 4, 8, 6 against 1, 3, 5: difference 3, RSS 8 + 8, s² = 16/4, se² = 4(1/3 + 1/3) = 8/3, df 4."""
    design = Design(unit="household", cluster="village", treatment="treated")
    row = evalkit.infer(evalkit.itt(_moments(WEIGHTED, design)), "classical").row("att")
    assert row["estimate"] == pytest.approx(3.0, rel=1e-12)
    assert row["std_error"] == pytest.approx((8 / 3) ** 0.5, rel=1e-12)
    assert row["df"] == 4


def test_itt_reads_the_last_round() -> None:
    """In round 2 the pilots of TWO_BY_TWO have 13, 12, 9, 23 and the others 5, 11, 11, 5: 14.25 - 8."""
    estimate = evalkit.itt(_moments(TWO_BY_TWO))
    assert estimate.values[0] == pytest.approx(6.25, rel=1e-12)
    assert estimate.counts.n_obs == 8


def test_adoption_after_the_last_round_is_no_treatment() -> None:
    """C and D plan to start in round 9: they are comparison villages in did, and none of pre_post's."""
    planned = TWO_BY_TWO.with_columns(pl.col("first").replace(0, 9))
    for estimator in (evalkit.did, evalkit.pre_post):
        found, before = (evalkit.infer(estimator(_moments(f)), "crv1").tidy() for f in (planned, TWO_BY_TWO))
        assert found.equals(before)
