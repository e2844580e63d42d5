"""Village by village: by hand, added up to the four cells, and beside the table of villages left out."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit.diagnostics import four_cell, leave_one_out, village_changes
from tests.diagnostics.test_arms import DESIGN, FRAME
from tests.small_panels import village_panel

PANEL = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")


def test_by_hand() -> None:
    """Round 2 to 3 as in the four cells: v1 27 to 38 with weight 4, v2 11 to 15, v3 21 to 25; d is not seen in both."""
    found = village_changes(evalkit.Moments.from_frame(FRAME, design=DESIGN, outcomes=["y"]))
    assert found is not None
    assert found.rows() == [
        ("v1", "pilot", 2, 4.0, 4.0, 108.0, 152.0, 11.0, None),
        ("v2", "comparison", 1, 1.0, 1.0, 11.0, 15.0, 4.0, None),
        ("v3", "comparison", 1, 1.0, 1.0, 21.0, 25.0, 4.0, None),
    ]


def test_nothing_in_a_cross_section() -> None:
    frame = FRAME.filter(pl.col("t") == 3)
    design = evalkit.Design(unit="h", cluster="v", treatment="g")
    rows = frame.with_columns((pl.col("g") > 0).cast(pl.Int64))
    assert village_changes(evalkit.Moments.from_frame(rows, design=design, outcomes=["y"])) is None


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_villages_add_up_to_the_four_cells(seed: int) -> None:
    """Also where only some households of a village are treated, and where some are missing in a round."""
    frame = village_panel(seed, [3] * 3 + [0] * 4, households=3, rounds=4, missing=0.2)
    moments = evalkit.Moments.from_frame(frame, design=PANEL, outcomes=["y"])
    main = evalkit.infer(evalkit.did(moments))
    left = leave_one_out(main.estimate)
    found, cells = village_changes(moments, left), four_cell(moments)
    assert found is not None
    for arm in ("pilot", "comparison"):
        own, row = found.filter(pl.col("arm") == arm), cells.row(arm)
        assert int(own["n_units"].sum()) == row.n_units
        assert own["wy_before"].sum() / own["w_before"].sum() == pytest.approx(row.before, rel=1e-12)
        assert own["wy_after"].sum() / own["w_after"].sum() == pytest.approx(row.after, rel=1e-12)
    known = dict(zip(left["cluster"], left["estimate"], strict=True))
    assert [known[name] for name in found["cluster"]] == found["without"].to_list()
