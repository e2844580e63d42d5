"""Places: where villages lie, and outlines around them, from the GeoJSON file of [map]."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from evalkit.errors import DataError, listed
from evalkit.programme import MapPlan, Programme

Point = tuple[float, float]
"""Longitude and latitude, in degrees."""
Ring = tuple[Point, ...]
KINDS = ("Point", "Polygon", "MultiPolygon")
SCHEMA = {"cluster": pl.String, "longitude_deg": pl.Float64, "latitude_deg": pl.Float64}


@dataclass(frozen=True, slots=True)
class Outline:
    """An area around villages: its name (empty where the file gives none) and its outer rings."""

    name: str
    rings: tuple[Ring, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """``points`` has a row a village: cluster, longitude_deg, latitude_deg (a polygon's middle)."""

    points: pl.DataFrame
    outlines: tuple[Outline, ...]


def read_places(programme: Programme) -> Places | None:
    """Read the programme's map; None where it has none.

    Raises
    ------
    DataError
        The file is missing or is no GeoJSON; a feature is neither point nor polygon, or not in degrees; a village is
        named twice, or none is.
    """
    plan = programme.map
    if plan is None:
        return None
    file = programme.folder / plan.file
    features = list(_features(file))
    villages = [(str(f["properties"][plan.key]), _middle(_rings(f, file))) for f in features if _names(f, plan)]
    names = [name for name, _ in villages]
    doubled = sorted({n for n in names if names.count(n) > 1})
    if not villages or doubled:
        found = f"{len(doubled)} villages stand there twice ({listed(doubled)})" if doubled else "no feature names one"
        raise DataError(
            str(file), found, f"one feature a village, with its id as property {plan.key!r}", "correct it, or [map] key"
        )
    points = pl.DataFrame([(n, *p) for n, p in villages], schema=SCHEMA, orient="row").sort("cluster")
    rest = [f for f in features if not _names(f, plan)]
    outlines = [Outline(str(_properties(f).get("name", "")), _rings(f, file)) for f in rest]
    return Places(points, tuple(o for o in outlines if len(o.rings[0]) > 1))


def _features(file: Path) -> Iterator[Mapping[str, Any]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8-sig"))
        yield from found["features"]
    except FileNotFoundError:
        raise DataError(
            str(file), "there is no such file", "the file of [map]", "put it there, or correct its name"
        ) from None
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise DataError(
            str(file), f"it is no GeoJSON in UTF-8 ({error!r})", "a FeatureCollection", "export it anew as GeoJSON"
        ) from error


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    return feature.get("properties") or {}


def _names(feature: Mapping[str, Any], plan: MapPlan) -> bool:
    return _properties(feature).get(plan.key) is not None


def _rings(feature: Mapping[str, Any], file: Path) -> tuple[Ring, ...]:
    """Return the outer rings of a feature; a point is a ring of one."""
    shape = feature.get("geometry") or {}
    kind, at = shape.get("type"), shape.get("coordinates")
    if kind not in KINDS or not at:
        raise DataError(
            str(file), f"a feature of kind {kind!r}", "points and polygons", "leave it out, or export it anew"
        )
    parts = {"Point": [[[at]]], "Polygon": [at], "MultiPolygon": at}[kind]
    rings = tuple(tuple((float(p[0]), float(p[1])) for p in part[0]) for part in parts)
    far = [p for ring in rings for p in ring if abs(p[0]) > 180 or abs(p[1]) > 90]
    if far:
        raise DataError(
            str(file),
            f"{len(far)} coordinates such as {far[0]}",
            "degrees, longitude first (WGS 84)",
            "project it anew",
        )
    return rings


def _middle(rings: tuple[Ring, ...]) -> Point:
    """Return the centroid of the largest ring, by the shoelace formula; without area, the mean of its points."""
    ring = max(rings, key=len)
    pairs = list(zip(ring, (*ring[1:], ring[0]), strict=True))
    crossed = [a[0] * b[1] - b[0] * a[1] for a, b in pairs]
    area = sum(crossed)
    if abs(area) < 1e-12:
        return sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring)
    x, y = (sum((a[i] + b[i]) * c for (a, b), c in zip(pairs, crossed, strict=True)) / (3 * area) for i in (0, 1))
    return x, y
