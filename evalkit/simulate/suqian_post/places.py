"""Made-up places: an outline for each county and a point for each village in it, as a GeoJSON file."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.simulate.suqian_post.draw import Drawn
from evalkit.simulate.suqian_post.rows import village_id
from evalkit.simulate.suqian_post.scenario import Scenario

Array = NDArray[np.float64]
INSIDE = 0.88
"""Villages lie within this share of the way from the middle to the edge."""
DIGITS = 4


def places(scenario: Scenario, drawn: Drawn) -> str:
    """Return the file's text; it draws from numbers of its own, so that nothing else changes with it."""
    rng = np.random.default_rng(scenario.seed + 3)
    counties = drawn.villages["county"].unique(maintain_order=True).to_list()
    edges = [_edge(scenario, rng) for _ in counties]
    features = []
    for county, centre, edge in zip(counties, scenario.places["centres"], edges, strict=True):
        ring = _at(centre, np.linspace(0, 2 * np.pi, len(edge), endpoint=False), edge)
        features.append(_feature("Polygon", [[*ring, ring[0]]], {"name": county}))
    for village, county in zip(drawn.villages["village"], drawn.villages["county"], strict=True):
        i = counties.index(county)
        angle, far = rng.uniform(0, 2 * np.pi), INSIDE * np.sqrt(rng.random())
        reach = np.interp(angle, np.linspace(0, 2 * np.pi, len(edges[i]) + 1), [*edges[i], edges[i][0]])
        point = _at(scenario.places["centres"][i], np.array([angle]), np.array([far * reach]))[0]
        features.append(_feature("Point", point, {"village_id": village_id(village)}))
    found = {"type": "FeatureCollection", "features": features}
    return (
        json.dumps(found, ensure_ascii=False, indent=0)
        .replace("\n", "")
        .replace('{"type": "Feature"', '\n{"type": "Feature"')
        + "\n"
    )


def _edge(scenario: Scenario, rng: np.random.Generator) -> Array:
    """Return how far each corner lies from the middle, in degrees of latitude."""
    plan = scenario.places
    far = plan["radius_deg"] * (1 + plan["rough"] * rng.uniform(-1, 1, size=plan["corners"]))
    return np.asarray(far, dtype=np.float64)


def _at(centre: list[float], angle: Array, far: Array) -> list[list[float]]:
    """Return places so far from the middle in each direction, longitude first."""
    stretch = 1 / np.cos(np.radians(centre[1]))
    x, y = centre[0] + stretch * far * np.cos(angle), centre[1] + far * np.sin(angle)
    return [[round(a, DIGITS), round(b, DIGITS)] for a, b in zip(x.tolist(), y.tolist(), strict=True)]


def _feature(kind: str, at: Any, properties: dict[str, str]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": at}}
