"""Simulated designs with a known truth in which a naive estimate is wrong and the estimator is right.

For did, event_study, pre_post, itt, its variants and ancova; the others have such a test beside their own (see
tests/reference/conformance.toml). Truth and naive error are derived in the docstrings; shares no code with evalkit.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, Inference, Moments, Panel
from evalkit.estimators.registry import FROM_PANEL

FOLLOWED = Design(unit="household", cluster="village", time="round", first_treated="first")
VILLAGES, HOUSEHOLDS = 80, 12


def _two_rounds(seed: int, *, trend: float, effect: float, gap: float, rounds: int = 2) -> pl.DataFrame:
    """Return a panel: pilots are ahead by `gap`, all rise by `trend` a round, pilots by `effect` more from round 2."""
    rng = np.random.default_rng(seed)
    v, h, t = (a.ravel() for a in np.indices((VILLAGES, HOUSEHOLDS, rounds)))
    pilot = v % 2
    own = rng.normal(size=(VILLAGES, HOUSEHOLDS))[v, h]
    shock = rng.normal(0, 0.2, size=(VILLAGES, rounds))[v, t]
    y = own + gap * pilot + trend * t + effect * pilot * t + shock + rng.normal(size=len(v))
    frame = pl.DataFrame({"v": v, "h": h, "round": t + 1, "first": 2 * pilot, "y": y})
    return frame.with_columns(
        village=pl.format("v{}", "v"), household=pl.format("{}_{}", "v", "h"), arm=pl.col("first") // 2
    )


def _moments(frame: pl.DataFrame, design: Design = FOLLOWED) -> Moments:
    return Moments.from_frame(frame, design=design, outcomes=["y"])


def _holds(result: Inference, truth: float, naive: float, *, width: float, term: str = "att") -> None:
    """The truth lies within 3 standard errors (6 of them are less than `width`), the naive estimate beyond them."""
    row = result.row(term)
    assert abs(row["estimate"] - truth) < 3 * row["std_error"] < width / 2
    assert abs(row["estimate"] - naive) > 3 * row["std_error"]


def test_did_where_all_villages_grow_and_pilots_were_ahead() -> None:
    """Truth 0.5. Before and after gives .5 + 1 (the trend), pilot less comparison at the end .5 + 2 (the gap)."""
    frame = _two_rounds(1, trend=1.0, effect=0.5, gap=2.0)
    last = frame.filter(pl.col("round") == 2)
    apart = last.group_by("arm").agg(pl.col("y").mean()).sort("arm")["y"].to_list()
    for naive, expected in ((evalkit.pre_post(_moments(frame)).values[0], 1.5), (apart[1] - apart[0], 2.5)):
        assert naive == pytest.approx(expected, abs=0.25)
        _holds(evalkit.infer(evalkit.did(_moments(frame))), 0.5, float(naive), width=1.0)


def test_event_study_shows_growth_that_one_coefficient_hides() -> None:
    """The effect is 1 in each further round (0, 1, 2 after round 1): did's one number 1.5 is wrong in round 2 and 3."""
    frame = _two_rounds(2, trend=0.4, effect=1.0, gap=0.0, rounds=3)
    one = float(evalkit.did(_moments(frame)).values[0])
    assert one == pytest.approx(1.5, abs=0.2)
    study = evalkit.infer(evalkit.event_study(_moments(frame)))
    for time, truth in ((0, 1.0), (1, 2.0)):
        _holds(study, truth, one, width=1.0, term=f"event_time={time}")


def test_pre_post_where_pilots_were_ahead_and_nothing_else_changed() -> None:
    """Truth 0.5, no trend. Pilot less comparison villages at the end gives .5 + 2: they were ahead before."""
    frame = _two_rounds(3, trend=0.0, effect=0.5, gap=2.0)
    last = frame.filter(pl.col("round") == 2).group_by("arm").agg(pl.col("y").mean()).sort("arm")["y"].to_list()
    assert last[1] - last[0] == pytest.approx(2.5, abs=0.25)
    _holds(evalkit.infer(evalkit.pre_post(_moments(frame))), 0.5, last[1] - last[0], width=1.0)


def _strata(seed: int, *, effects: tuple[float, float]) -> pl.DataFrame:
    """Return one round: stratum a, poor (y 0), where 3 of 4 villages were drawn, and b, rich (y 3), 1 of 4."""
    rng = np.random.default_rng(seed)
    v, _ = (a.ravel() for a in np.indices((VILLAGES, HOUSEHOLDS)))
    rich = v % 2
    arm = np.where(rich, v // 2 % 4 == 0, v // 2 % 4 != 0).astype(int)
    shock = rng.normal(0, 0.2, size=VILLAGES)[v]
    y = 3.0 * rich + np.where(rich, effects[1], effects[0]) * arm + shock + rng.normal(size=len(v))
    return pl.DataFrame({"village": v, "arm": arm, "stratum": np.where(rich, "b", "a"), "y": y})


DRAWN = Design(cluster="village", treatment="arm", strata="stratum", assignment="randomised")


def test_itt_with_strata_where_the_poor_were_drawn_more_often() -> None:
    """Truth 0.5. Without strata: mean of pilots 3/4 · 0 + 1/4 · 3 + .5, of others 1/4 · 0 + 3/4 · 3: .5 − 1.5 = −1."""
    moments = _moments(_strata(4, effects=(0.5, 0.5)), DRAWN)
    naive = float(evalkit.itt(moments, strata=False).values[0])
    assert naive == pytest.approx(-1.0, abs=0.15)
    _holds(evalkit.infer(evalkit.itt(moments)), 0.5, naive, width=1.0)


def test_itt_lin_where_effects_and_shares_drawn_differ() -> None:
    """Effect 0 for three quarters of households (9 of 10 villages drawn), 2 for the others (half drawn): truth ½.

    One coefficient with strata effects weighs by n·p(1 − p): 3 · .09 and 1 · .25, so 2 · .25/.52 = .96.
    """
    rng = np.random.default_rng(5)
    v, _ = (a.ravel() for a in np.indices((VILLAGES, HOUSEHOLDS)))
    few = v >= 60
    arm = np.where(few, v % 2, v % 10 != 0).astype(int)
    y = 2.0 * few * arm + few + rng.normal(0, 0.05, size=VILLAGES)[v] + 0.4 * rng.normal(size=len(v))
    frame = pl.DataFrame({"village": v, "arm": arm, "stratum": np.where(few, "b", "a"), "y": y})
    panel = Panel.from_frame(frame, design=DRAWN, outcome="y")
    naive = float(evalkit.itt(panel).values[0])
    assert naive == pytest.approx(0.96, abs=0.15)
    _holds(evalkit.infer(evalkit.itt(panel, lin=True)), 0.5, naive, width=1.0)


def test_itt_unadjusted_where_those_who_join_are_richer() -> None:
    """Drawn by lot without strata, effect 1 on those who join, half of those offered: intention to treat .5.

    Households with own income above 0 join: participants less all others give 1 + E(own | joined) − E(own | others).
    """
    rng = np.random.default_rng(6)
    v, _ = (a.ravel() for a in np.indices((VILLAGES, HOUSEHOLDS)))
    own, arm = rng.normal(size=len(v)), v % 2
    joined = (arm == 1) & (own > 0)
    y = own + joined + rng.normal(0, 0.2, size=VILLAGES)[v] + 0.3 * rng.normal(size=len(v))
    naive = float(y[joined].mean() - y[~joined].mean())
    assert naive == pytest.approx(1 + 0.80 + 0.80 / 3, abs=0.15)
    frame = pl.DataFrame({"village": v, "arm": arm, "y": y})
    moments = _moments(frame, Design(cluster="village", treatment="arm", assignment="randomised"))
    _holds(evalkit.infer(evalkit.itt(moments, strata=False)), 0.5, naive, width=1.0)


def test_ancova_where_pilots_had_a_bad_year_by_chance() -> None:
    """Truth 0. A bad first year of pilots (their luck below 0) does not last: did takes the recovery for an effect.

    Income is luck of each year, without anything lasting. Pilots are those with a bad first year, as after a drought:
    E = −.8 before, 0 after, others +.8: did gives 1.6, ancova with the first year as covariate 0.
    """
    rng = np.random.default_rng(7)
    n = 400
    luck = rng.normal(size=(n, 2))
    pilot = luck[:, 0] < 0
    frame = pl.DataFrame(
        {"village": np.repeat(np.arange(n), 2), "round": np.tile([1, 2], n), "y": luck.ravel()}
    ).with_columns(household=pl.col("village"), first=pl.Series(np.repeat(2 * pilot, 2)))
    naive = float(evalkit.did(_moments(frame)).values[0])
    assert naive == pytest.approx(1.6, abs=0.2)
    panel = Panel.from_frame(frame, design=FOLLOWED, outcome="y")
    _holds(evalkit.infer(evalkit.ancova(panel)), 0.0, naive, width=1.0)


def test_late_ancova_where_those_who_join_are_richer() -> None:
    """Truth 1. Households with own income above the mean join where offered: participants are ahead by 3 and more."""
    rng = np.random.default_rng(8)
    v, h = (a.ravel() for a in np.indices((VILLAGES, HOUSEHOLDS)))
    own, pilot = 2 * rng.normal(size=len(v)), v % 2
    joined = (pilot == 1) & (own > 0)
    before, after = (own + 0.5 * rng.normal(size=len(v)) for _ in range(2))
    frame = pl.DataFrame({"village": v, "h": h, "first": 2 * pilot, "took": joined.astype(float)})
    frame = frame.with_columns(household=pl.format("{}_{}", "village", "h"))
    rows = pl.concat(
        frame.with_columns(round=pl.lit(t), y=pl.Series(y), took=pl.col("took") * (t - 1))
        for t, y in ((1, before), (2, after + joined))
    )
    naive = float(after[joined].mean() + 1 - after[~joined].mean())
    assert naive > 3
    design = Design(unit="household", cluster="village", time="round", first_treated="first", take_up="took")
    panel = Panel.from_frame(rows, design=design, outcome="y")
    _holds(evalkit.infer(FROM_PANEL["late_ancova"](panel), "crv1"), 1.0, naive, width=1.0, term="late")
