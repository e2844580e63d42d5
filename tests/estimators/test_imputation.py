"""Imputation: cases by hand, dense least squares, invariants, and what it refuses."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, Moments
from tests.small_panels import dummies, village_panel

DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first")
WEIGHTED = Design(unit="household", cluster="village", time="round", first_treated="first", weights="weight")


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


# Pilot villages a and b start in round 2; c and d never.  Changes: a1 3, a2 5; b1 1; c1 0, c2 2; d1 -1, d2 -1.
UNEQUAL = _panel(
    {"a1": (10, 13), "a2": (7, 12), "b1": (8, 9), "c1": (5, 5), "c2": (9, 11), "d1": (12, 11), "d2": (6, 5)},
    {"a": 2, "b": 2},
)


@pytest.mark.parametrize(("average", "variance"), [("cluster", 1.3), ("unit", 8 / 9 + 0.5)])
def test_variance_by_hand(average: str, variance: float) -> None:
    """Comparison households change by 0 on average, so τ is the change: 3, 5 and 1; att 3.

    By village the effect of the cohort is taken as (2·8 + 1·1)/(2² + 1²) = 3.4, by household as 3. Beyond it, by
    village: a (8 - 2·3.4)/3 = .4, b (1 - 3.4)/3 = -.8; by household ±2/3. What c and d change beyond 0, by 4 house-
    holds: -(0 + 2)/4 and 2/4. Sums of squares: .16 + .64 + .25 + .25, and 4/9 + 4/9 + .5. No small-sample factor.
    """
    row = evalkit.infer(evalkit.imputation(_moments(UNEQUAL), average=average), "crv1").row("att")
    assert row["estimate"] == pytest.approx(3.0, rel=1e-12)
    assert row["std_error"] ** 2 == pytest.approx(variance, rel=1e-12)
    assert (row["df"], row["n_obs"], row["n_units"], row["n_clusters"], row["n_treated_clusters"]) == (3, 14, 7, 4, 2)


def test_jackknife_by_hand() -> None:
    """Without a: 1; without b: 4; without c: 3 + 1; without d: 3 - 1. From 3: 4 + 1 + 1 + 1, times 3/4."""
    row = evalkit.infer(evalkit.imputation(_moments(UNEQUAL)), "auto").row("att")
    assert row["inference"] == "crv3"
    assert row["std_error"] ** 2 == pytest.approx(7 * 3 / 4, rel=1e-12)


# Round       1   2   3     a starts in round 2, b in round 3, z was treated from the first round.
STAGGERED = _panel({"a1": (1, 7, 20), "b1": (2, 3, 50), "z1": (0, 5, 9)}, {"a": 2, "b": 3, "z": 1})


def test_what_cannot_be_imputed_by_hand() -> None:
    """Only b tells round 2: β₂ - β₁ = 3 - 2 = 1, so a's effect is 7 - 1 - 1 = 5. In round 3 nobody is untreated."""
    estimate = evalkit.imputation(_moments(STAGGERED))
    assert estimate.terms == ("att", "event_time=0")
    assert estimate.values.tolist() == pytest.approx([5.0, 5.0], rel=1e-12)
    assert estimate.columns["n_treated_units"] == (1, 1)
    assert estimate.counts.n_obs == 4
    assert estimate.notes[:2] == (
        "1 households without an untreated round were left out",
        "2 treated rows were left out: no untreated rows tell the effect of their round",
    )


def test_a_lead_by_hand() -> None:
    """a starts in round 4. Untreated rows: a 1, 2, 6 and c 0, 0, 1: the lead is (6 - 1.5) - (1 - 0) = 3.5.

    With the lead free, rounds 1 and 2 settle a's level (mean 1.5 beside c's mean 0): the lead is 6 - 1.5 - (1 - 0).
    """
    rows = _panel({"a1": (1, 2, 6, 9), "c1": (0, 0, 1, 2)}, {"a": 4})
    estimate = evalkit.imputation(_moments(rows), leads=1)
    found = dict(zip(estimate.terms, estimate.values, strict=True))
    assert list(found) == ["att", "event_time=-1", "event_time=0"]
    assert found["event_time=-1"] == pytest.approx(3.5, rel=1e-12)
    assert estimate.notes[-2:-1] == ("estimated on untreated rows only, as leads: event_time=-1",)


def test_a_village_that_alone_shows_a_round_is_named_though_its_cohort_has_others() -> None:
    """a and b start in round 2; in round 3 b is away: event time 1 rests on a, event time 0 on both."""
    rows = _panel({"a1": (1, 4, 8), "b1": (2, 4, None), "c1": (0, 1, 2), "d1": (5, 5, 5)}, {"a": 2, "b": 2})
    estimate = evalkit.imputation(_moments(rows))
    assert estimate.columns["n_treated_units"] == (2, 2, 1)
    assert estimate.notes[-1].startswith("at event times 1 a cohort is seen in one village only")
    assert np.isnan(evalkit.infer(estimate, "crv1").std_error).tolist() == [False, False, True]


def test_a_year_without_a_round_is_no_lead() -> None:
    """Rounds 1, 3 and 5, a starts in 5: of two leads asked for, −2 is round 3, and nobody was seen at −1.

    Round 1 is what the lead is compared with: (5 − 1) − (3 − 0) = 1.
    """
    rows = _panel({"a1": (1, 5, 9), "c1": (0, 3, 4)}, {"a": 5}).with_columns(pl.col("round") * 2 - 1)
    estimate = evalkit.imputation(_moments(rows), leads=2)
    found = dict(zip(estimate.terms, estimate.values, strict=True))
    assert list(found) == ["att", "event_time=-2", "event_time=0"]
    assert found["event_time=-2"] == pytest.approx(1.0, rel=1e-12)


def test_anticipation_is_not_taken_as_untreated() -> None:
    """One round of anticipation: a's round 3 is imputed from rounds 1 and 2 (mean 1.5), att is of round 4 only.

    c: mean of rounds 1, 2 is 0, then 1 and 2. a: 6 - 1.5 - 1 = 3.5 in anticipation, 9 - 1.5 - 2 = 5.5 after adoption.
    """
    rows = _panel({"a1": (1, 2, 6, 9), "c1": (0, 0, 1, 2)}, {"a": 4})
    estimate = evalkit.imputation(_moments(rows), anticipation=1)
    found = dict(zip(estimate.terms, estimate.values.tolist(), strict=True))
    assert found == pytest.approx({"att": 5.5, "event_time=-1": 3.5, "event_time=0": 5.5}, rel=1e-12)


def _dense(rows: pl.DataFrame, w: np.ndarray) -> tuple[float, float]:
    """Return att and its standard error by village from rows: least squares on untreated rows with all dummies.

    The term is Σ v'y with v = w/Σw on treated rows and the weights -WX(X'WX)⁻x'v on untreated rows that follow from it.
    """
    first, time, y = (rows[c].to_numpy().astype(float) for c in ("first", "round", "y"))
    treated = (first > 0) & (time >= first)
    x = np.column_stack([dummies(rows["household"]), dummies(rows["round"])])
    x0, w0 = x[~treated], w[~treated]
    solve = np.linalg.pinv(x0.T @ (x0 * w0[:, None])) @ (x0 * w0[:, None]).T
    fit = x @ (solve @ y[~treated])
    v = np.where(treated, w / w[treated].sum(), 0.0)
    v[~treated] = -(v[treated] @ x[treated] @ solve)
    tau = y - fit
    village = rows["village"].to_numpy()
    excess = tau.copy()
    for g, t in {(g, t) for g, t in zip(first[treated], time[treated], strict=True)}:
        here = treated & (first == g) & (time == t)
        parts = [here & (village == c) for c in np.unique(village[here])]
        sums = np.array([[w[p].sum(), (w[p] * tau[p]).sum()] for p in parts])
        excess[here] -= (sums[:, 0] @ sums[:, 1]) / (sums[:, 0] @ sums[:, 0])
    scores = [(v * excess)[village == c].sum() for c in np.unique(village)]
    return float(v @ y), float(np.linalg.norm(scores))


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    adoption=st.lists(st.sampled_from([0, 2, 3, 4]), min_size=3, max_size=6).map(lambda d: [3, 3, 0, 0, *d]),
    missing=st.sampled_from([0.0, 0.2, 0.4]),
    weighted=st.booleans(),
)
def test_dense(seed: int, adoption: list[int], missing: float, weighted: bool) -> None:
    """Equal to least squares with a dummy for each household and round, where all treated rows can be imputed."""
    frame = village_panel(seed, adoption, rounds=5, missing=missing)
    untreated = (pl.col("first") == 0) | (pl.col("round") < pl.col("first"))
    never = frame.filter(pl.col("first") == 0, pl.len().over("household") > 1)
    assume(never["round"].n_unique() == 5 and never.height > 12)
    rows = frame.filter(untreated.any().over("household"), pl.len().over("household") > 1)
    assume(rows.filter(~untreated).height > 0)
    beta, se = _dense(rows, rows["weight"].to_numpy() if weighted else np.ones(rows.height))
    estimate = evalkit.imputation(_moments(frame, WEIGHTED if weighted else DESIGN))
    row = evalkit.infer(estimate, "crv1").row("att")
    assert row["estimate"] == pytest.approx(beta, rel=1e-8, abs=1e-8)
    assert row["std_error"] == pytest.approx(se, rel=1e-7)
    assert row["n_obs"] == rows.height


def test_left_out_is_a_refit() -> None:
    """Each village left out of the moments in turn gives the same numbers as the sums say."""
    frame = village_panel(5, [2, 2, 3, 3, 0, 0, 0], rounds=5, missing=0.2)
    whole = evalkit.imputation(_moments(frame), leads=1)
    away = whole.basis.left_out()
    for v, village in enumerate(whole.basis.clusters):
        part = evalkit.imputation(_moments(frame.filter(pl.col("village") != village)), leads=1)
        assert away[v].tolist() == pytest.approx(part.values.tolist(), rel=1e-9)


PANELS = st.builds(
    lambda seed, share: village_panel(seed, [2, 2, 3, 3, 0, 0, 0], households=4, rounds=4, missing=share),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.2]),
)
ESTIMATORS = {"imputation": evalkit.imputation, "sun_abraham": evalkit.sun_abraham}


def _tables(frame: pl.DataFrame, name: str, weighted: bool) -> list[pl.DataFrame]:
    estimate = ESTIMATORS[name](_moments(frame, WEIGHTED if weighted else DESIGN))
    return [evalkit.infer(estimate, m).tidy() for m in ("crv1", "crv3")]


def _same(found: list[pl.DataFrame], expected: list[pl.DataFrame], factor: float = 1.0) -> None:
    for a, b in zip(found, expected, strict=True):
        assert a["term"].to_list() == b["term"].to_list()
        for column in ("estimate", "std_error"):
            assert a[column].is_null().to_list() == b[column].is_null().to_list()
            right = (b[column].drop_nulls() * factor).to_list()
            assert a[column].drop_nulls().to_list() == pytest.approx(right, rel=1e-7, abs=1e-7 * abs(factor))


@settings(max_examples=12)
@given(frame=PANELS, seed=st.integers(0, 99), weighted=st.booleans(), name=st.sampled_from([*ESTIMATORS]))
def test_invariants(frame: pl.DataFrame, seed: int, weighted: bool, name: str) -> None:
    """Order of rows, levels of households, common shocks and units do not matter; moments of villages apart add."""
    before = _tables(frame, name, weighted)
    _same(_tables(frame.sample(fraction=1.0, shuffle=True, seed=seed), name, weighted), before)
    level = pl.col("household").hash(seed).mod(1000).cast(pl.Float64) / 100
    _same(_tables(frame.with_columns(pl.col("y") + level + pl.col("round") ** 2), name, weighted), before)
    _same(_tables(frame.with_columns(pl.col("y") * 500), name, weighted), before, 500.0)
    design = WEIGHTED if weighted else DESIGN
    parts = [_moments(frame.filter(f), design) for f in (pl.col("village") < "v3", pl.col("village") >= "v3")]
    together = ESTIMATORS[name](parts[1].merge(parts[0]))
    assert evalkit.infer(together, "crv1").tidy().equals(before[0])


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), missing=st.sampled_from([0.0, 0.3]), weighted=st.booleans())
def test_all_equal_did_with_two_groups_and_two_rounds(seed: int, missing: float, weighted: bool) -> None:
    frame = village_panel(seed, [2, 2, 2, 0, 0, 0], rounds=2, missing=missing)
    moments = _moments(frame, WEIGHTED if weighted else DESIGN)
    value = evalkit.did(moments).values[0]
    for estimator in (evalkit.imputation, evalkit.sun_abraham, evalkit.event_study):
        assert estimator(moments).values[0] == pytest.approx(value, rel=1e-9, abs=1e-9)


def _growing(seed: int) -> tuple[pl.DataFrame, float]:
    """Return a staggered programme whose effect grows with time and differs by cohort, without noise, and its truth.

    Two thirds of households adopt in round 2, the effect of cohort g after e rounds is (6 - g)(1 + e)²/4.
    """
    rng = np.random.default_rng(seed)
    rows, effects = [], []
    for v, first in enumerate([2, 2, 2, 2, 4, 4, 5, 5, 0]):
        for h in range(5):
            own = rng.normal() * 10
            for t in range(1, 7):
                effect = (6 - first) * (1 + t - first) ** 2 / 4 if first and t >= first else 0.0
                if rng.random() < 0.85 or t == 1:
                    rows.append((f"h{v}_{h}", f"v{v}", t, first, own + 0.7 * t + effect))
                    effects += [effect] if first and t >= first else []
    frame = pl.DataFrame(rows, schema=["household", "village", "round", "first", "y"], orient="row")
    return frame, float(np.mean(effects))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_effects_that_grow_and_differ(seed: int) -> None:
    """Both recover the truth exactly (there is no noise). did, which compares late with early adopters, is negative.

    The event study with one coefficient for all cohorts is off as well.
    """
    frame, truth = _growing(seed)
    moments = _moments(frame)
    assert evalkit.imputation(moments).values[0] == pytest.approx(truth, rel=1e-9)
    assert evalkit.sun_abraham(moments).values[0] == pytest.approx(truth, rel=1e-9)
    assert evalkit.did(moments).values[0] < 0 < truth
    assert abs(evalkit.event_study(moments).values[0] - truth) > 0.005 * truth


def test_weights_that_change_are_refused() -> None:
    frame = village_panel(3, [2, 2, 0, 0])
    changing = Design(unit="household", cluster="village", time="round", first_treated="first", weights="round_weight")
    with pytest.raises(evalkit.DataError, match=r"weight changes between a household's rounds.*one weight a household"):
        evalkit.imputation(_moments(frame, changing))


def test_average_by_unit_needs_no_weights() -> None:
    with pytest.raises(evalkit.DataError, match="average='unit' with weights"):
        evalkit.imputation(_moments(village_panel(3, [2, 2, 0, 0]), WEIGHTED), average="unit")


@pytest.mark.parametrize("arguments", [{"average": "village"}, {"leads": -1}])
def test_unknown_choices(arguments: dict[str, object]) -> None:
    with pytest.raises(evalkit.UsageError, match="cluster or unit, 0 leads or more"):
        evalkit.imputation(_moments(UNEQUAL), **arguments)


def test_all_treated_at_once() -> None:
    frame = village_panel(3, [2, 2, 2])
    with pytest.raises(evalkit.DesignError, match="no treated row can be imputed"):
        evalkit.imputation(_moments(frame))


@pytest.mark.parametrize("method", ["crv2", "wild", "randomization", "classical"])
def test_methods_of_regressions_say_so(method: str) -> None:
    with pytest.raises(evalkit.DesignError):
        evalkit.infer(evalkit.imputation(_moments(UNEQUAL)), method)
