"""Bins of far leads and lags: by hand, against dense least squares, and what is refused."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, Moments
from tests.small_panels import two_way_design, village_panel, weighted_least_squares

DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first")


def _moments(frame: pl.DataFrame) -> Moments:
    return Moments.from_frame(frame, design=DESIGN, outcomes=["y"])


def _study(frame: pl.DataFrame, window: tuple[int, int] | None, step: int = 1) -> evalkit.Estimate:
    return evalkit.event_study(_moments(frame), window=window, step=step)


def _panel(pilot: tuple[float, ...], comparison: tuple[float, ...], first: int) -> pl.DataFrame:
    rows = [
        (f"{v}{h}", v, t, first if v in "ab" else 0, float(y))
        for v in "abcd"
        for h in (0, 1)
        for t, y in enumerate(pilot if v in "ab" else comparison, 1)
    ]
    return pl.DataFrame(rows, schema=["household", "village", "round", "first", "y"], orient="row")


def test_bins_by_hand() -> None:
    """Gap of the pilots by event time -3 to 3: 4, 2, 0, 3, 5, 7, 9. Bins: (4 + 2)/2 = 3 and (5 + 7 + 9)/3 = 7.

    att: event time 0 and the bin, by the rows in them: (3 + 3·7)/4 = 6.
    """
    study = _study(_panel((4, 2, 0, 3, 5, 7, 9), (0,) * 7, first=4), (-2, 1))
    assert dict(zip(study.terms, study.values, strict=True)) == pytest.approx(
        {"att": 6, "event_time=-2": 3, "event_time=-1": 0, "event_time=0": 3, "event_time=1": 7}, abs=1e-12
    )
    assert study.columns["is_binned"] == (None, True, False, False, True)
    assert study.columns["n_treated_units"] == (4, 4, 4, 4, 4)
    assert study.notes[1:] == (
        "event_time=-2 stands for all rounds before it as well",
        "event_time=1 stands for all rounds after it as well",
    )


@pytest.mark.parametrize("window", [(-2, 1), (-1, 2), (-3, 0)])
def test_bins_are_dense_least_squares(window: tuple[int, int]) -> None:
    frame = village_panel(8, [3, 3, 4, 4, 5, 0, 0, 0], rounds=6)
    rows = frame.filter(pl.len().over("household") > 1)
    event = rows.select(pl.when(pl.col("first") > 0).then((pl.col("round") - pl.col("first")).clip(*window)))["round"]
    times = sorted(set(event.drop_nulls()) - {-1})
    columns = np.column_stack([(event == k).fill_null(False).cast(pl.Float64).to_numpy() for k in times])
    beta = weighted_least_squares(two_way_design(rows, columns), rows["y"].to_numpy())[-len(times) :]
    study = _study(frame, window)
    found = dict(zip(study.terms, study.values, strict=True))
    assert [found[f"event_time={k}"] for k in times] == pytest.approx(beta.tolist(), rel=1e-9)


def test_a_window_that_holds_all_changes_nothing() -> None:
    frame = village_panel(8, [3, 3, 4, 4, 0, 0, 0], rounds=5)
    plain, wide = (evalkit.infer(_study(frame, w), "crv2").tidy() for w in (None, (-9, 9)))
    assert plain.equals(wide)
    assert plain["is_binned"].to_list() == [None] + [False] * (plain.height - 1)


@pytest.mark.parametrize("window", [(0, 2), (-2, -1)])
def test_a_window_without_base_or_start(window: tuple[int, int]) -> None:
    with pytest.raises(evalkit.UsageError, match="a window from -1"):
        _study(village_panel(8, [3, 3, 0, 0], rounds=4), window)


def test_steps_by_hand() -> None:
    """Gap of the pilots by event time -4 to 3: 4, 2, 1, 1, 3, 5, 7, 9. Two rounds a step: 3, 1 (base), 4, 8."""
    frame = _panel((4, 2, 1, 1, 3, 5, 7, 9), (0,) * 8, first=5)
    study = _study(frame, None, step=2)
    assert dict(zip(study.terms, study.values, strict=True)) == pytest.approx(
        {"att": 5, "event_time=-2": 2, "event_time=-1": 0, "event_time=0": 3, "event_time=1": 7}, abs=1e-12
    )
    assert study.columns["is_binned"] == (None, False, False, False, False)
    assert study.columns["n_treated_units"] == (4, 4, 4, 4, 4)
    assert study.notes == ("base: event_time=-1",)


@pytest.mark.parametrize("step", [2, 3])
def test_steps_are_dense_least_squares(step: int) -> None:
    """Staggered and unbalanced: the dummies of two or three rounds added up."""
    frame = village_panel(8, [4, 4, 5, 5, 6, 0, 0, 0], rounds=9, missing=0.1)
    rows = frame.filter(pl.len().over("household") > 1)
    event = rows.select(pl.when(pl.col("first") > 0).then((pl.col("round") - pl.col("first")) // step))["round"]
    times = sorted(set(event.drop_nulls()) - {-1})
    columns = np.column_stack([(event == k).fill_null(False).cast(pl.Float64).to_numpy() for k in times])
    beta = weighted_least_squares(two_way_design(rows, columns), rows["y"].to_numpy())[-len(times) :]
    study = _study(frame, None, step=step)
    found = dict(zip(study.terms, study.values, strict=True))
    assert [found[f"event_time={k}"] for k in times] == pytest.approx(beta.tolist(), rel=1e-9)


def test_steps_and_anticipation() -> None:
    """Anticipation of two rounds is one step of two: the base is the step before; one round does not fit."""
    moments = _moments(village_panel(8, [5, 5, 5, 0, 0, 0], rounds=8))
    assert evalkit.event_study(moments, anticipation=2, step=2).notes == ("base: event_time=-2",)
    for bad in ({"step": 0}, {"step": 2, "anticipation": 1}):
        with pytest.raises(evalkit.UsageError, match="anticipation in whole steps"):
            evalkit.event_study(moments, **bad)
