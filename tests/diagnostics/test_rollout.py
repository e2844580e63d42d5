"""The rollout grid: counts by start, and what a page shows of them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

import evalkit
from evalkit import report
from evalkit.design import Design
from evalkit.diagnostics import rollout_in
from evalkit.panel import Panel

FOLDER = Path(__file__).parents[2] / "data_raw" / "suqian_ecommerce"


def test_by_hand() -> None:
    """Villages a (start 2, two households), b (start 9: never in these rounds), c (never)."""
    rows = [("a1", "a", 2), ("a2", "a", 2), ("b1", "b", 9), ("c1", "c", 0)]
    frame = pl.DataFrame(
        [(u, v, g, t, 1.0) for u, v, g in rows for t in (1, 2, 3)],
        schema=["unit", "village", "first", "round", "y"],
        orient="row",
    )
    design = Design(unit="unit", cluster="village", time="round", first_treated="first")
    found = rollout_in(Panel.from_frame(frame, design=design, outcome="y"))
    assert found.rounds == (1, 2, 3)
    assert found.starts.rows() == [(2, 1, 2), (None, 2, 2)]


def test_the_grid_of_a_programme_adds_up() -> None:
    programme = evalkit.load(FOLDER)
    found = evalkit.rollout(programme)
    panel = Panel.from_programme(programme, programme.indicators[0].name)
    assert found.starts["n_villages"].sum() == panel.frame["cluster"].n_unique()
    assert found.starts["n_units"].sum() == panel.frame["unit"].n_unique()
    page = report.rollout(programme, found).html
    assert page.count("●") == 2 * (4 + 3 + 2 + 1)  # three starts of 2012 to 2017 and the note, in two languages
    assert "没有开始（对照）" in page


def test_one_start_needs_no_grid() -> None:
    programme = evalkit.load(FOLDER)
    found = evalkit.rollout(programme)
    one = type(found)(
        found.rounds, found.starts.filter(pl.col("first_treated").is_null() | (pl.col("first_treated") == 2014))
    )
    assert report.rollout(programme, one).html == ""
