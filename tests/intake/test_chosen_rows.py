"""where and where_not: the rows that a plan is about."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalkit
from evalkit import PlanError
from evalkit.intake.chosen_rows import chosen_rows
from evalkit.programme import Source

FRAME = pl.DataFrame({"id": ["a", "b", "c", "d"], "round": [0, 1, 1, None], "place": ["X", "X", "Y", None]})


def _kept(frame: pl.DataFrame = FRAME, **entries: object) -> list[str]:
    source = Source.model_validate({"kind": "survey", "file": "s.csv", "key": ["id"], **entries})
    return chosen_rows(frame, source, "small")["id"].to_list()


@pytest.mark.parametrize(
    ("entries", "ids"),
    [
        ({"where": {"round": 1}}, ["b", "c"]),
        ({"where": {"round": [0, 1]}}, ["a", "b", "c"]),
        ({"where": {"round": 1, "place": "X"}}, ["b"]),
        ({"where_not": {"place": "X"}}, ["c", "d"]),  # an empty cell is not X
        ({"where_not": {"place": ["X", "Y"]}}, ["d"]),
        ({"where": {"round": 1.0}, "where_not": {"place": "Y"}}, ["b"]),
    ],
)
def test_by_hand(entries: dict[str, object], ids: list[str]) -> None:
    assert _kept(**entries) == ids


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"where": {"rund": 1}}, r"there is no column 'rund' \(nearest: 'round'\)"),
        ({"where": {"round": "1"}}, "round = '1'. Needed: numbers"),
        ({"where_not": {"place": 3}}, "place = 3. Needed: text"),
        ({"where_not": {"place": "Z"}}, r"no row has place = 'Z' \(there are: X, Y\)"),
        ({"where": {"round": 7}}, "none of the 4 rows fits"),
    ],
)
def test_mistakes_are_named(entries: dict[str, object], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        _kept(**entries)


def test_only_a_survey_is_chosen_from() -> None:
    with pytest.raises(ValueError, match="where and where_not are for the survey, not for a roster"):
        Source.model_validate({"kind": "roster", "file": "v.csv", "key": ["id"], "where": {"round": 1}})


@given(st.lists(st.integers(0, 3), min_size=1), st.integers(0, 3))
def test_where_and_where_not_part_the_rows(values: list[int], value: int) -> None:
    frame = pl.DataFrame({"id": [str(n) for n in range(len(values))], "v": values})
    there, elsewhere = values.count(value), len(values) - values.count(value)
    if there and elsewhere:
        assert sorted(_kept(frame, where={"v": value}) + _kept(frame, where_not={"v": value})) == sorted(frame["id"])


def test_the_plan_as_it_was_has_no_entry(root: Path) -> None:
    """A plan that was locked before there was a where does not deviate."""
    from evalkit.plan_lock import plan_entries

    entries = plan_entries(evalkit.load(root / "data_raw/suqian_ecommerce"))
    assert [e for e in entries if e.startswith("sources")] == []
