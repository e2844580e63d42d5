"""Synthetic control and synthetic did: a case by hand, invariances, what is refused, and where did is wrong."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, DesignError, Estimate, Moments, UsageError

DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first")
BOTH = [evalkit.synthetic_control, evalkit.synthetic_did]

# Round 3 is the first of the programme. One household a village.
#        round 1, 2, 3
#   P         3   1   6
#   A         0   0   1
#   B         4   2   5
BY_HAND = pl.DataFrame(
    [
        (v, v, t, 3 if v == "P" else None, float(y))
        for v, ys in {"P": (3, 1, 6), "A": (0, 0, 1), "B": (4, 2, 5)}.items()
        for t, y in enumerate(ys, 1)
    ],
    schema=["household", "village", "round", "first", "y"],
    orient="row",
)


def _moments(frame: pl.DataFrame, design: Design = DESIGN) -> Moments:
    return Moments.from_frame(frame, design=design, outcomes=["y"])


def _weights(estimate: Estimate) -> dict[str, float]:
    return dict(zip(estimate.basis.clusters, estimate.basis.fit.donors.tolist(), strict=True))


def test_synthetic_control_by_hand() -> None:
    """ω on B minimises (3 − 4ω)² + (1 − 2ω)²: .7. Gaps 3 − 2.8 = .2, 1 − 1.4 = −.4, 6 − (.3 + 3.5) = 2.2."""
    estimate = evalkit.synthetic_control(_moments(BY_HAND))
    assert _weights(estimate) == pytest.approx({"A": 0.3, "B": 0.7, "P": 0.0}, abs=1e-9)
    assert estimate.terms == ("att", "event_time=-2", "event_time=-1", "event_time=0")
    assert estimate.values == pytest.approx([2.2, 0.2, -0.4, 2.2], abs=1e-9)
    assert estimate.columns["pre_rmse"][0] == pytest.approx(0.1**0.5, abs=1e-9)
    assert estimate.columns["n_donors"][0] == 2
    assert (estimate.counts.n_treated_clusters, estimate.counts.n_comparison_clusters) == (1, 2)


def test_synthetic_did_by_hand() -> None:
    """σ² = Var(0, −2) = 2, N₁T₁ = 1: ζ² = 2; demeaned over rounds ω minimises 6(1 − ω)² + 4ω²: .6.

    Demeaned over donors round 1 is (−2, 2), round 2 (−1, 1), round 3 (−2, 2): all weight on round 1.
    Effect (6 − .4·1 − .6·5) − (3 − .6·4) = 2.6 − .6 = 2.
    """
    estimate = evalkit.synthetic_did(_moments(BY_HAND))
    assert _weights(estimate) == pytest.approx({"A": 0.4, "B": 0.6, "P": 0.0}, abs=1e-9)
    assert estimate.columns["time_weight"][1:3] == pytest.approx((1.0, 0.0), abs=1e-9)
    assert estimate.columns["time_weight"][3] is None
    assert estimate.values == pytest.approx([2.0, 0.0, -0.8, 2.0], abs=1e-9)


def _panel(seed: int, *, pilots: int = 1, villages: int = 8, households: int = 3, missing: float = 0.0) -> pl.DataFrame:
    """Return rounds 1 … 8 of a factor model; pilots start in round 6."""
    rng = np.random.default_rng(seed)
    factor, load = np.cumsum(rng.normal(size=9)), rng.uniform(0, 2, villages)
    rows = []
    for v in range(villages):
        level = rng.normal() * 3
        for h in range(households):
            own, weight = rng.normal(), rng.uniform(0.5, 2)
            for t in range(1, 9):
                y = level + own + load[v] * factor[t] + rng.normal() * 0.3
                rows.append((f"h{v}_{h}", f"v{v}", t, 6 if v < pilots else None, weight, y))
    names = ["household", "village", "round", "first", "weight", "y"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.filter(pl.Series(rng.random(frame.height) >= missing))


@pytest.mark.parametrize("estimator", BOTH)
def test_households_enter_as_village_means(estimator) -> None:
    """Unbalanced, weighted households give the estimate of one row a village and round with the means by hand."""
    frame = _panel(3, pilots=2, households=6, missing=0.2)
    design = Design(unit="household", cluster="village", time="round", first_treated="first", weights="weight")
    mean = (pl.col("y") * pl.col("weight")).sum() / pl.col("weight").sum()
    means = frame.group_by("village", "round", "first").agg(mean.alias("y")).with_columns(household="village")
    by_rows, by_means = estimator(_moments(frame, design)), estimator(_moments(means))
    assert by_rows.values == pytest.approx(by_means.values, rel=1e-7, abs=1e-9)
    assert (by_rows.counts.n_obs, by_rows.counts.n_units) == (frame.height, frame["household"].n_unique())


@pytest.mark.parametrize("estimator", BOTH)
def test_pilots_by_households(estimator) -> None:
    """A village of three households counts three times one of one household."""
    frame = _panel(4, pilots=2).filter((pl.col("village") != "v0") | (pl.col("household") == "h0_0"))
    moments = _moments(frame)
    village, household = estimator(moments), estimator(moments, average="household")
    assert village.basis.share[:2] == pytest.approx([0.5, 0.5])
    assert household.basis.share[:2] == pytest.approx([0.25, 0.75])
    assert abs(village.values[0] - household.values[0]) > 1e-3


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), factor=st.sampled_from([1e-3, 7.0, 1e5]), which=st.sampled_from(BOTH))
def test_order_labels_scale_and_common_shocks(seed: int, factor: float, which) -> None:
    """A shock to all is nothing to synthetic control; it moves synthetic did's σ, and so its penalty: not tried."""
    frame = _panel(seed)
    rng = np.random.default_rng(seed)
    names = {f"v{v}": f"w{n}" for v, n in enumerate(rng.permutation(8))}
    size = 5 if which is evalkit.synthetic_control else 0
    shock = {t: float(rng.normal() * size) for t in range(1, 9)}
    other = frame.sample(fraction=1.0, shuffle=True, seed=1).with_columns(
        pl.col("village").replace_strict(names),
        ((pl.col("y") + pl.col("round").replace_strict(shock)) * factor).alias("y"),
    )
    value, again = which(_moments(frame)), which(_moments(other))
    scale = float(frame["y"].std())
    assert again.values / factor == pytest.approx(value.values, abs=2e-5 * scale)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_a_constant_per_village_leaves_synthetic_did_alone(seed: int) -> None:
    """Synthetic control must move: its match is in levels."""
    frame = _panel(seed)
    level = {f"v{v}": float(x) for v, x in enumerate(np.random.default_rng(seed).normal(size=8) * 20)}
    other = frame.with_columns(pl.col("y") + pl.col("village").replace_strict(level))
    value, again = evalkit.synthetic_did(_moments(frame)), evalkit.synthetic_did(_moments(other))
    assert again.values == pytest.approx(value.values, abs=1e-6)
    control = [evalkit.synthetic_control(_moments(f)).values[0] for f in (frame, other)]
    assert abs(control[0] - control[1]) > 1e-6


@pytest.mark.parametrize("estimator", BOTH)
def test_merged_parts_are_the_whole(estimator) -> None:
    frame = _panel(9, pilots=2)
    county = pl.col("village").is_in(["v0", "v3", "v5"])
    merged = _moments(frame.filter(county)).merge(_moments(frame.filter(~county)))
    assert estimator(merged).values.tolist() == estimator(_moments(frame)).values.tolist()


def test_anticipation_is_neither_matched_nor_compared() -> None:
    design = Design(unit="household", cluster="village", time="round", first_treated="first", anticipation=1)
    frame = _panel(5)
    jumped = frame.with_columns(
        pl.when((pl.col("village") == "v0") & (pl.col("round") == 5)).then(999.0).otherwise("y").alias("y")
    )
    values = [evalkit.synthetic_did(_moments(f, design)).values for f in (frame, jumped)]
    assert values[0][0] == values[1][0]
    assert values[0][5] != values[1][5]


def test_donors_with_gaps_are_left_out_and_named() -> None:
    frame = _panel(6).filter(~((pl.col("village") == "v4") & (pl.col("round") == 2)))
    estimate = evalkit.synthetic_did(_moments(frame))
    assert "v4" not in estimate.basis.clusters
    assert any("not seen in every round are no donors: v4" in note for note in estimate.notes)


@pytest.mark.parametrize("estimator", BOTH)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda f: f.with_columns(pl.when(pl.col("village") == "v1").then(7).otherwise("first").alias("first")),
            "2 rounds",
        ),
        (lambda f: f.with_columns(pl.lit(None, dtype=pl.Int64).alias("first")), "no village starts"),
        (lambda f: f.filter(pl.col("round") >= 5), "1 round(s) before the start"),
        (lambda f: f.filter(pl.col("village").is_in(["v0", "v1"])), "1 comparison village(s)"),
        (lambda f: f.filter((pl.col("village") != "v0") | (pl.col("round") != 7)), "not seen in every round (v0)"),
    ],
)
def test_what_is_refused(estimator, change, words: str) -> None:
    with pytest.raises(DesignError) as error:
        estimator(_moments(change(_panel(7))))
    assert words in str(error.value)
    assert error.value.todo


def test_villages_treated_in_part_are_refused() -> None:
    frame = _panel(7).with_columns(pl.when(pl.col("household") == "h0_0").then(None).otherwise("first").alias("first"))
    design = Design(unit="household", cluster="village", time="round", first_treated="first", assigned_to="unit")
    with pytest.raises(DesignError, match="treated as a whole"):
        evalkit.synthetic_did(_moments(frame, design))


def test_unknown_average() -> None:
    with pytest.raises(UsageError, match="village or household"):
        evalkit.synthetic_did(_moments(BY_HAND), average="county")  # type: ignore[arg-type]


def test_did_is_wrong_under_a_factor_that_pilots_load_on_and_synthetic_estimates_are_right() -> None:
    """y = level + load · factor + noise; the factor rises by .5 a round, the pilot loads 1.6, donors 0 to 2 (mean 1).

    The pilot starts in round 13 of 18: the factor's mean rises by 4.5 between the two periods, so did is off by about
    (1.6 − 1) · 4.5 = 2.7; donors of the same load exist, so weights can take the factor out. 40 draws, effect 1.
    """
    errors = {"did": [], "synthetic_did": [], "synthetic_control": []}
    for seed in range(40):
        rng = np.random.default_rng(seed)
        load = np.concatenate([[1.6], np.linspace(0, 2, 20)])
        factor = 0.5 * np.arange(18) + rng.normal(size=18) * 0.5
        y = load[:, None] * factor + rng.normal(size=21)[:, None] * 0.3 + rng.normal(size=(21, 18)) * 0.3
        y[0, 12:] += 1.0
        village, time = np.divmod(np.arange(y.size), 18)
        frame = pl.DataFrame({"village": village.astype(str), "round": time + 1, "y": y.ravel()}).with_columns(
            household="village", first=pl.when(pl.col("village") == "0").then(13)
        )
        moments = _moments(frame)
        for name, found in errors.items():
            found.append(getattr(evalkit, name)(moments).values[0] - 1.0)
    bias = {name: float(np.mean(found)) for name, found in errors.items()}
    assert bias["did"] == pytest.approx(2.7, abs=0.3)
    assert abs(bias["synthetic_did"]) < 0.3
    assert abs(bias["synthetic_control"]) < 0.3
