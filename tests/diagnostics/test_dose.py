"""The dose: changes by how long villages had the programme, worked by hand, and what a page shows of them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit import report
from evalkit.design import Design
from evalkit.diagnostics import Dose, dose_in
from evalkit.moments import Moments
from evalkit.report.block import FigureBlock

FOLDER = Path(__file__).parents[2] / "data_raw" / "suqian_ecommerce"
INDICATOR = "disposable_income_pc_yuan"


def found_in(rows: list[tuple[str, str, int, int, float]]) -> Dose | None:
    frame = pl.DataFrame(rows, schema=["unit", "village", "first", "round", "y"], orient="row")
    design = Design(unit="unit", cluster="village", time="round", first_treated="first")
    return dose_in(Moments.from_frame(frame, design=design, outcomes=["y"]))


def test_by_hand() -> None:
    """Starts in 2 and 3 of three rounds; a2 is not seen in the last and does not count.

    a: 1 to 6, so +5 with two rounds of exposure; b: 2 to 4, +2 with one; c and d never: (3 + 5)/2 to (4 + 6)/2, +1.
    """
    rows = [("a1", "a", 2, t, y) for t, y in ((1, 1.0), (2, 9.0), (3, 6.0))] + [("a2", "a", 2, t, 50.0) for t in (1, 2)]
    rows += [("b1", "b", 3, t, y) for t, y in ((1, 2.0), (2, 2.0), (3, 4.0))]
    rows += [(u, u, 0, t, y + (t == 3)) for u, y in (("c", 3.0), ("d", 5.0)) for t in (1, 2, 3)]
    found = found_in(rows)
    assert found is not None
    assert (found.before, found.after) == (1, 3)
    assert found.rows.rows() == [
        (2, 2, 1, 1, 1.0, 6.0, 5.0),
        (3, 1, 1, 1, 2.0, 4.0, 2.0),
        (None, 0, 2, 2, 4.0, 5.0, 1.0),
    ]


@pytest.mark.parametrize("starts", [(2, 0), (1, 2)])
def test_nothing_with_one_start_or_without_a_round_before(starts: tuple[int, int]) -> None:
    rows = [(v, v, s, t, float(t)) for v, s in zip("ab", starts, strict=True) for t in (1, 2, 3)]
    assert found_in(rows) is None


def test_a_page_says_that_the_dose_was_chosen_and_withholds_small_groups() -> None:
    """One village started in 2014: withheld, and the smallest other group with it; no number of theirs is anywhere."""
    finding = evalkit.evaluate(evalkit.load(FOLDER), INDICATOR)
    found = evalkit.dose(finding.programme, INDICATOR)
    assert found is not None
    whole = report.dose(finding, found)
    assert isinstance(whole, FigureBlock)
    assert "不是抽签确定的" in whole.block.html
    assert "early starters may have changed faster anyway" in whole.block.html
    assert len(whole.figure["data"][0]["x"]) == 3
    alone = found.rows.with_columns(
        pl.when(pl.col("first_treated") == 2014).then(1).otherwise("n_villages").alias("n_villages")
    )
    few = report.dose(finding, Dose(found.before, found.after, alone))
    assert isinstance(few, FigureBlock)
    assert few.figure["data"][0]["x"] == [3]
    assert "4340" not in few.block.html
    assert "3205" not in few.block.html
