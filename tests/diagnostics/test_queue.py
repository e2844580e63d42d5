"""Waiting times with requests that still wait, and whether villages that asked first differed before anything began."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, Panel
from evalkit.diagnostics.queue import Queue, request_queue
from evalkit.diagnostics.timing import asked_first, timing
from evalkit.diagnostics.waiting_times import waiting_times
from evalkit.programme import Disclosure
from evalkit.report import first_askers, waiting, waiting_groups
from evalkit.report.block import Block, FigureBlock

START = dt.date(2023, 1, 1)
END = dt.date(2023, 12, 31)


def log(waits: list[int | None], village: list[str] | None = None) -> pl.DataFrame:
    """Return requests filed on one day and accepted after so many days (None: still waiting)."""
    accepted = [None if w is None else START + dt.timedelta(days=w) for w in waits]
    return pl.DataFrame(
        {"village": village or ["A"] * len(waits), "filed_on": START, "accepted_on": accepted, "closed_on": None},
        schema_overrides={"accepted_on": pl.Date, "closed_on": pl.Date},
    )


def test_by_hand() -> None:
    """Ends after 20, 40 and 80 days, two requests wait until day 50 and later (364 here: never cut before an end).

    Kaplan–Meier: 4/5 after 20, 4/5 · 3/4 = 3/5 after 40, 3/5 · 2/3 = 2/5 after 80: the median is 80 days.
    """
    found = waiting_times(log([20, 40, 80, None, None]), END, "village")
    row = found.summary.row(0, named=True)
    assert (row["n_requests"], row["n_ended"], row["median"]) == (5, 3, 80)
    curve = {r["day"]: (r["share"], r["n_at_risk"]) for r in found.curve.to_dicts() if r["stage"] == "acceptance"}
    assert curve[0] == (1.0, 5)
    assert curve[30] == (pytest.approx(4 / 5), 4)
    assert curve[60] == (pytest.approx(3 / 5), 3)
    assert curve[90] == (pytest.approx(2 / 5), 2)
    assert curve[365] == (None, 0)


def test_a_request_cut_early_counts_until_then_only() -> None:
    """One is filed 10 days before the log ends: after day 10 it is no longer at risk. 20 of the other 2: 1/2."""
    rows = pl.concat([log([20, 40]), log([None]).with_columns(pl.lit(END - dt.timedelta(days=10)).alias("filed_on"))])
    curve = waiting_times(rows, END, "village").curve.filter(pl.col("stage") == "acceptance")
    assert dict(curve.select("day", "share").iter_rows())[30] == pytest.approx(1 / 2)
    assert dict(curve.select("day", "n_at_risk").iter_rows()) == {0: 3, 30: 1, 60: 0, 90: 0, 180: 0, 365: 0}


@given(st.lists(st.one_of(st.none(), st.integers(0, 300)), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_product_limit_whatever_the_waits(waits: list[int | None]) -> None:
    """Equal to the product of 1 − ends/at risk over days with ends; without open ones it would be smaller or equal."""
    found = waiting_times(log(waits), END, "village").curve.filter(pl.col("stage") == "acceptance")
    days = np.array([364 if w is None else w for w in waits])
    ended = np.array([w is not None for w in waits])
    for day, share, n in found.select("day", "share", "n_at_risk").iter_rows():
        assert n == (days >= day).sum()
        if n:
            steps = [1 - ended[days == d].sum() / (days >= d).sum() for d in sorted(set(days[ended])) if d <= day]
            assert share == pytest.approx(np.prod(steps))
            assert share >= np.mean(days[ended] > day) - 1e-12 if ended.any() else share == 1


def test_closing_begins_with_acceptance() -> None:
    rows = log([10, None]).with_columns(pl.Series("closed_on", [START + dt.timedelta(days=25), None]))
    row = waiting_times(rows, END, "village").summary.filter(pl.col("stage") == "closing").row(0, named=True)
    assert (row["n_requests"], row["n_ended"], row["median"]) == (1, 1, 15)


def test_the_median_village_is_among_the_first() -> None:
    days = {v: START + dt.timedelta(days=d) for v, d in {"A": 3, "B": 1, "C": 2, "D": 9}.items()}
    assert asked_first(days) == {"B", "C"}
    assert asked_first({}) == frozenset()


def test_level_and_change_before_any_start_by_hand() -> None:
    """A and B asked first. Levels 10, 12 against 6, 8: difference 4. Changes 3, 3 against 1, 1: difference 2."""
    rows = pl.DataFrame(
        [
            (f"{v}{i}", v, t, first, base + change * (t - 1) + (50 if t == 3 else 0))
            for v, first, base, change in (("A", 3, 10, 3), ("B", 3, 12, 3), ("C", None, 6, 1), ("D", None, 8, 1))
            for i in range(2)
            for t in (1, 2, 3)
        ],
        schema=["household", "village", "round", "first", "y"],
        orient="row",
    )
    design = Design(unit="household", cluster="village", time="round", first_treated="first")
    found = timing(Panel.from_frame(rows, design=design, outcome="y"), frozenset("AB"))
    level, change = found.to_dicts()
    assert (level["first"], level["others"], level["difference"]) == pytest.approx((11, 7, 4))
    assert (change["first"], change["others"], change["difference"]) == pytest.approx((3, 1, 2))
    assert (level["n_villages_first"], level["n_units_others"]) == (2, 4)
    assert level["conf_low"] < 4 < level["conf_high"]


@pytest.fixture(scope="module")
def queue(root: Path) -> Queue:
    found = request_queue(evalkit.load(root / "data_raw" / "weinan_teams"))
    assert found is not None
    return found


def test_villages_that_asked_first_were_on_another_path_in_online_sales(queue: Queue) -> None:
    rows = {(r["indicator"], r["what"]): r for r in queue.timing.to_dicts()}
    assert rows["online_sales_yuan", "change"]["conf_low"] > 0
    assert rows["sales_per_mu_yuan", "change"]["conf_low"] < 0 < rows["sales_per_mu_yuan", "change"]["conf_high"]


def test_blocks(root: Path, queue: Queue) -> None:
    programme = evalkit.load(root / "data_raw" / "weinan_teams")
    figure = waiting(programme, queue)
    assert isinstance(figure, FigureBlock)
    assert "half are accepted within 65 days" in figure.block.html
    assert "withheld: fewer than 10 requests" in figure.block.html
    assert "Median days" in waiting_groups(programme, queue).html
    html = first_askers(programme, queue).html
    assert "2 started from another level, and 1 were on another path" in html
    assert "2项起点不同，1项此前的走势不同" in html


def test_too_few_requests_are_not_shown(root: Path, queue: Queue) -> None:
    programme = evalkit.load(root / "data_raw" / "weinan_teams")
    limits = Disclosure(min_households=60)
    few = programme.model_copy(update={"disclosure": limits})
    assert waiting(few, queue) == Block("")
    assert waiting_groups(few, queue) == Block("")


def test_a_programme_without_a_log_has_no_queue(root: Path) -> None:
    programme = evalkit.load(root / "data_raw" / "suqian_ecommerce")
    assert request_queue(programme) is None
    assert [f(programme, None) for f in (waiting, waiting_groups, first_askers)] == [Block("")] * 3
