"""Places from GeoJSON: points, polygons and outlines by hand, and what is wrong with a file is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evalkit
from evalkit.errors import DataError
from evalkit.intake import checksums, read_places
from evalkit.programme import MapPlan, Programme

SQUARE = [[118.0, 33.0], [120.0, 33.0], [120.0, 34.0], [118.0, 34.0], [118.0, 33.0]]


def feature(kind: str, at: Any, **properties: str) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": at}}


def programme_with(root: Path, folder: Path, features: Any) -> Programme:
    text = features if isinstance(features, str) else json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "map.geojson").write_text(text, encoding="utf-8")
    programme = evalkit.load(root / "data_raw" / "suqian_post")
    return programme.model_copy(update={"folder": folder, "map": MapPlan(file="map.geojson")})


def test_by_hand(root: Path, tmp_path: Path) -> None:
    """A point stays; of the rectangle from 118 to 120° east and 33 to 34° north the middle is 119, 33.5."""
    features = [
        feature("Polygon", [SQUARE], village_id="V02"),
        feature("Point", [118.5, 33.2], village_id="V01"),
        feature("MultiPolygon", [[SQUARE], [[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]]], name="宿豫区"),
    ]
    found = read_places(programme_with(root, tmp_path, features))
    assert found is not None
    assert found.points.rows() == [("V01", 118.5, 33.2), ("V02", pytest.approx(119.0), pytest.approx(33.5))]
    (outline,) = found.outlines
    assert (outline.name, len(outline.rings)) == ("宿豫区", 2)


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ("{", "no GeoJSON"),
        ("[]", "no GeoJSON"),
        ([feature("LineString", [[1, 2], [3, 4]], village_id="V01")], "kind 'LineString'"),
        ([feature("Point", [39_500_000.0, 3_700_000.0], village_id="V01")], "degrees"),
        ([feature("Point", [118.0, 33.0], village_id="V01")] * 2, "stand there twice (V01)"),
        ([feature("Point", [118.0, 33.0], name="V01")], "no feature names one"),
    ],
)
def test_what_is_wrong_is_said(root: Path, tmp_path: Path, features: Any, said: str) -> None:
    with pytest.raises(DataError) as error:
        read_places(programme_with(root, tmp_path, features))
    assert said in str(error.value)


def test_a_missing_file_is_named(root: Path, tmp_path: Path) -> None:
    programme = programme_with(root, tmp_path, [])
    (tmp_path / "map.geojson").unlink()
    with pytest.raises(DataError, match="no such file"):
        read_places(programme)


def test_without_a_map_there_are_no_places(root: Path) -> None:
    assert read_places(evalkit.load(root / "data_raw" / "moz_savings")) is None


def test_pages_depend_on_the_file(root: Path) -> None:
    assert "villages.geojson" in checksums(evalkit.load(root / "data_raw" / "suqian_post"))
