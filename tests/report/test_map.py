"""The map: marks stand in squares on public pages, and villages are counted where they lie."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit import report
from evalkit.diagnostics import VillageMap
from evalkit.intake import Outline
from evalkit.report.block import Block, FigureBlock
from evalkit.report.map import area_counts, holds, shown_places
from tests.report.test_figures import PAYLOAD

SQUARE = Outline("甲", (((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)),))
NOTCHED = Outline("乙", (((2.0, 0.0), (4.0, 0.0), (3.0, 1.0), (4.0, 2.0), (2.0, 2.0)),))


@pytest.mark.parametrize(
    ("at", "inside"), [((1.0, 1.0), True), ((-0.1, 1.0), False), ((1.0, 2.1), False), ((1.9, 0.1), True)]
)
def test_a_place_within_a_square(at: tuple[float, float], inside: bool) -> None:
    assert holds(SQUARE, at) is inside


def test_a_notch_is_outside() -> None:
    """At height 1 the second outline ends at 3, at height 0.1 at 3.9."""
    assert [holds(NOTCHED, (x, y)) for x, y in ((3.5, 1.0), (2.5, 1.0), (3.5, 0.1))] == [False, True, True]


def found_of(places: list[tuple[str, str, float, float]]) -> VillageMap:
    schema = ["cluster", "arm", "longitude_deg", "latitude_deg"]
    return VillageMap(pl.DataFrame(places, schema=schema, orient="row"), (SQUARE, NOTCHED), 0)


def test_villages_are_counted_where_they_lie() -> None:
    found = found_of([("a", "pilot", 1, 1), ("b", "comparison", 1.5, 1), ("c", "pilot", 2.5, 1), ("d", "pilot", 9, 9)])
    assert area_counts(found) == [("甲", 1, 1), ("乙", 1, 0), ("", 1, 0)]


def test_public_marks_are_squares(root: Path) -> None:
    """118.337, 33.951 lies in the square around 118.325, 33.975; two pilots in it are one mark, left of the middle."""
    programme = evalkit.load(root / "data_raw" / "suqian_post")
    found = found_of(
        [("a", "pilot", 118.337, 33.951), ("b", "pilot", 118.301, 33.999), ("c", "comparison", 118.34, 33.96)]
    )
    assert shown_places(programme, found) == {"pilot": [(118.315, 33.975)], "comparison": [(118.335, 33.975)]}
    inside = programme.disclosure.model_copy(update={"audience": "internal"})
    exact = shown_places(programme.model_copy(update={"disclosure": inside}), found)
    assert exact["pilot"] == [(118.337, 33.951), (118.301, 33.999)]


def test_the_page_of_a_programme_has_a_map_without_exact_places(root: Path) -> None:
    programme = evalkit.load(root / "data_raw" / "suqian_post")
    found = evalkit.village_map(programme)
    assert found is not None
    block = report.village_map(programme, found)
    assert isinstance(block, FigureBlock)
    assert "32个试点村和32个对照村的位置：宿豫区试点16个、对照16个；泗洪县试点16个、对照16个" in block.block.html
    figure = json.loads(PAYLOAD.findall(block.block.html)[0])
    assert figure["layout"]["yaxis"]["scaleanchor"] == "x"
    numbers = {x for t in figure["data"] if "markers" in t["mode"] for x in t["x"]}
    assert not numbers & set(found.points["longitude_deg"])
    assert [n for n in found.points["cluster"] if n in block.block.html] == []


def test_without_a_map_there_is_none(root: Path) -> None:
    programme = evalkit.load(root / "data_raw" / "moz_savings")
    assert evalkit.village_map(programme) is None
    assert report.village_map(programme, None) == Block("")
