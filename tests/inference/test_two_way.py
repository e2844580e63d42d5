"""Clustering by village and round: by hand, on rows, by pyfixest, and where it is needed."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import DataError, Design, DesignError, Moments
from evalkit.inference.infer import fits
from evalkit.inference.two_way import FEW_ROUNDS, _three, sums_by_round
from tests.small_panels import two_way_design, village_panel, weighted_least_squares

ROWS = 1e-9
"""Relative, beside least squares with dummies on rows."""


def moments_of(frame: pl.DataFrame, weights: str | None = None) -> Moments:
    design = Design(unit="household", cluster="village", time="round", first_treated="first", weights=weights)
    return Moments.from_frame(frame, design=design, outcomes=["y"])


def test_by_hand() -> None:
    """a and b start in the second of two rounds; changes 3, 1 | 1, −1, so β = 2 − 0 = 2.

    Residuals (less means of household and round) are ±.5: a, c up in round 2, b, d down; treatment's ±.25, up for a and
    b in round 2. Products: a .125 in both rounds, b −.125, c −.125, d .125. Over Σ x̃² = .5: villages move β by .5, −.5,
    −.5, .5 (squares 1), rounds by 0, village-rounds by ±.25 each (8/16 = .5): 1 + 0 − .5 = .5.
    """
    change = {"a": 3.0, "b": 1.0, "c": 1.0, "d": -1.0}
    rows = [(v, v, 2 if v in "ab" else 0, t, change[v] * (t == 2)) for v in change for t in (1, 2)]
    frame = pl.DataFrame(rows, schema=["household", "village", "first", "round", "y"], orient="row")
    estimate = evalkit.did(moments_of(frame))
    sums = sums_by_round(estimate)[:, :, 0]
    assert estimate.values[0] == pytest.approx(2)
    assert sums == pytest.approx(np.array([[0.25, 0.25], [-0.25, -0.25], [-0.25, -0.25], [0.25, 0.25]]))
    assert _three(sums[:, :, None])[0] == pytest.approx(0.5)


def monthly(seed: int, shared: float, *, villages: int = 24, rounds: int = 30) -> pl.DataFrame:
    """Half the villages start in the middle; each round brings something of size `shared` to all pilot villages."""
    rng = np.random.default_rng(seed)
    village, time = (a.ravel() for a in np.meshgrid(np.arange(villages), np.arange(1, rounds + 1), indexing="ij"))
    pilot = village % 2
    y = rng.normal(size=villages)[village] + shared * rng.normal(size=rounds + 1)[time] * pilot
    first = np.where(pilot == 1, rounds // 2 + 1, 0)
    keys = {"household": village, "village": village, "first": first, "round": time}
    return pl.DataFrame({**keys, "y": y + rng.normal(size=len(village))})


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("starts", [[8, 8, 8, 0, 0, 0, 0], [4, 9, 12, 9, 0, 1]])
def test_from_rows(starts: list[int], weights: str | None) -> None:
    """The three sums of squares of x̃ẽ over villages, rounds and both, of an unbalanced panel by dummies on rows."""
    frame = village_panel(6, starts, rounds=18, missing=0.2, households=3)
    seen = frame.filter(pl.len().over("household") > 1)
    treated = ((seen["first"] > 0) & (seen["round"] >= seen["first"])).to_numpy().astype(float)
    w = np.ones(seen.height) if weights is None else seen[weights].to_numpy()
    x, y = two_way_design(seen, treated), seen["y"].to_numpy()
    left = treated - x[:, :-1] @ weighted_least_squares(x[:, :-1], treated, w)
    product = w * left * (y - x @ weighted_least_squares(x, y, w)) / float((w * left) @ treated)
    table = seen.with_columns(pl.Series("z", product))
    squares = [
        float((table.group_by(by).agg(pl.col("z").sum())["z"] ** 2).sum())
        for by in (["village"], ["round"], ["village", "round"])
    ]
    g, n, k = len(starts), seen.height, 1 + 1
    variance = (squares[0] + squares[1] - squares[2]) * g / (g - 1) * (n - 1) / (n - k)
    row = evalkit.infer(evalkit.did(moments_of(frame, weights)), "two_way").row("att")
    assert row["std_error"] == pytest.approx(np.sqrt(variance), rel=ROWS)
    assert row["df"] == g - 1


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("weights", [None, "weight"])
def test_pyfixest(weights: str | None) -> None:
    pyfixest = pytest.importorskip("pyfixest")
    frame = village_panel(7, [8, 8, 12, 12, 16, 0, 0, 0], rounds=18, missing=0.2, households=3)
    treated = ((pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))).cast(pl.Float64)
    rows = frame.with_columns(treated.alias("treated")).to_pandas()
    peer = pyfixest.feols(
        "y ~ treated | household + round",
        rows,
        vcov={"CRV1": "village+round"},
        weights=weights,
        demeaner=pyfixest.MapDemeaner(fixef_tol=1e-10),
    )
    row = evalkit.infer(evalkit.did(moments_of(frame, weights)), "two_way").row("att")
    assert row["estimate"] == pytest.approx(peer.coef()["treated"], rel=1e-8)
    assert row["std_error"] == pytest.approx(peer.se()["treated"], rel=1e-8)
    assert row["p_value"] == pytest.approx(peer.pvalue()["treated"], rel=1e-6)


def test_shocks_that_pilot_villages_share_in_a_month() -> None:
    """Nothing works, and each month brings something to all pilot villages alike: 150 draws, and 150 without it.

    Clustered by village alone the interval leaves the truth out far too often; with rounds it holds it in all but
    5 % + 3 · √(.05 · .95/150) = 10.3 % of draws, and where there are no such shocks as well.
    """

    def lost(method: str, shared: float) -> float:
        rows = [evalkit.infer(evalkit.did(moments_of(monthly(s, shared))), method).row("att") for s in range(150)]
        return float(np.mean([r["conf_low"] > 0 or r["conf_high"] < 0 for r in rows]))

    assert lost("crv1", 1.0) > 0.25
    assert lost("two_way", 1.0) < 0.103
    assert lost("two_way", 0.0) < 0.103


def test_what_it_refuses_and_where_it_warns() -> None:
    long = village_panel(1, [3] * 12 + [0] * 12, rounds=FEW_ROUNDS)
    with pytest.raises(DataError, match="weight changes"):
        evalkit.infer(evalkit.did(moments_of(long, "round_weight")), "two_way")
    with pytest.raises(DesignError, match="no scores by round"):
        evalkit.infer(evalkit.pre_post(moments_of(long)), "two_way")
    assert "too short" not in evalkit.infer(evalkit.did(moments_of(long)), "two_way").reason
    few = (long.filter(pl.col("round") < FEW_ROUNDS), long.filter(pl.col("village") != "v0"))
    for frame, said in zip(few, ("14 rounds and 12 villages", "15 rounds and 11 villages"), strict=True):
        assert said in evalkit.infer(evalkit.did(moments_of(frame)), "two_way").reason


def test_the_base_of_an_event_study_has_no_standard_error() -> None:
    moments = moments_of(village_panel(1, [9, 9, 9, 0, 0, 0], rounds=18))
    study = evalkit.infer(evalkit.event_study(moments, step=6), "two_way")
    assert study.row("event_time=-1")["std_error"] is None
    assert study.row("att")["std_error"] > 0


def test_a_coefficient_a_round_leaves_nothing_to_read_chance_from() -> None:
    """It takes in what the round brought, so squares by round are 0, and the rest held 0 in 16 of 100 draws."""
    moments = moments_of(monthly(1, 1.0, rounds=24))
    for saturated in (evalkit.event_study(moments), evalkit.sun_abraham(moments)):
        assert np.abs(sums_by_round(saturated).sum(axis=0)).max() < 1e-12
        assert not fits("two_way", saturated)
        with pytest.raises(DesignError, match="a coefficient of its own"):
            evalkit.infer(saturated, "two_way")
    stepped = evalkit.event_study(moments, step=12)
    assert fits("two_way", stepped)
    assert not fits("two_way", evalkit.imputation(moments))
    assert evalkit.infer(stepped, "two_way").row("event_time=0")["std_error"] > 0


@pytest.mark.parametrize("step", [2, 6])
def test_steps_from_rows(step: int) -> None:
    """A step's gap by dummies on rows: its contribution by village, round and both, as for one coefficient."""
    frame = village_panel(6, [7, 7, 7, 0, 0, 0, 0], rounds=18, households=3)
    event = pl.when(pl.col("first") > 0).then((pl.col("round") - pl.col("first")) // step)
    steps = frame.select(event.alias("k"))["k"]
    times = sorted(set(steps.drop_nulls()) - {-1})
    columns = np.column_stack([(steps == k).fill_null(False).cast(pl.Float64).to_numpy() for k in times])
    x, y = two_way_design(frame, columns), frame["y"].to_numpy()
    ones = np.ones(frame.height)
    residual = y - x @ weighted_least_squares(x, y, ones)
    moved = (x @ np.linalg.pinv(x.T @ x)[:, -len(times) :]) * residual[:, None]
    study = evalkit.infer(evalkit.event_study(moments_of(frame), step=step), "two_way")
    g, n, k = 7, frame.height, len(times) + 1
    for j, time in enumerate(times):
        table = frame.with_columns(pl.Series("z", moved[:, j]))
        squares = [
            float((table.group_by(by).agg(pl.col("z").sum())["z"] ** 2).sum())
            for by in (["village"], ["round"], ["village", "round"])
        ]
        variance = (squares[0] + squares[1] - squares[2]) * g / (g - 1) * (n - 1) / (n - k)
        found = study.row(f"event_time={time}")["std_error"]
        assert found is None if variance < 0 else found == pytest.approx(np.sqrt(variance), rel=ROWS)
