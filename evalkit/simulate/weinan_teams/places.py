"""Villages and households: when each village starts, who demonstrates, who guides whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.simulate.weinan_teams.scenario import Scenario

DEMONSTRATION, LINKED, UNLINKED, OUTSIDE = range(4)
"""A household's place, as a number."""
KINDS = ("early", "later", "waiting", "silent")


@dataclass(frozen=True, slots=True)
class Places:
    """Villages (kind, county, start; null = never), and by household its village, place and guide (−1 = none)."""

    villages: pl.DataFrame
    home: NDArray[np.int64]
    place: NDArray[np.int64]
    guide: NDArray[np.int64]
    names: tuple[str, ...]


def draw_places(scenario: Scenario, rng: np.random.Generator) -> Places:
    """Draw villages and households; the web is spun where a village starts."""
    villages = _villages(scenario, rng)
    low, high = scenario.tables["villages"]["households"]
    sizes = rng.integers(low, high + 1, size=villages.height)
    home = np.repeat(np.arange(villages.height), sizes)
    place = np.full(len(home), OUTSIDE)
    guide = np.full(len(home), -1)
    for v, start in enumerate(villages["start"]):
        if start is not None:
            own = np.flatnonzero(home == v)
            place[own], guide[own] = _web(scenario, rng, own)
    within = np.concatenate([np.arange(n) for n in sizes])
    names = tuple(f"WN{v + 1:02d}{i + 1:03d}" for v, i in zip(home, within, strict=True))
    return Places(villages, home, place, guide, names)


def _villages(scenario: Scenario, rng: np.random.Generator) -> pl.DataFrame:
    given = scenario.tables["villages"]
    kinds = np.array([k for k in KINDS for _ in range(given[k])])[rng.permutation(sum(given[k] for k in KINDS))]
    starts = {"early": scenario.years[2], "later": scenario.years[3]}
    counties = [given["counties"][v % len(given["counties"])] for v in range(len(kinds))]
    return pl.DataFrame(
        {"village": range(len(kinds)), "county": counties, "kind": kinds, "start": [starts.get(str(k)) for k in kinds]},
        schema_overrides={"start": pl.Int64},
    )


def _web(
    scenario: Scenario, rng: np.random.Generator, own: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return places and guides of one village: demonstration households take ordinary ones in turn while they last."""
    web = scenario.tables["web"]
    order = rng.permutation(own)
    leaders, others = order[: web["demonstration"]], order[web["demonstration"] :]
    low, high = web["guided"]
    wanted = rng.integers(low, high + 1, size=len(leaders))
    most = int(web["most_linked"] * len(others))
    guides = np.repeat(leaders, wanted)[rng.permutation(int(wanted.sum()))][:most]
    place = np.full(len(own), UNLINKED)
    guide = np.full(len(own), -1)
    spot = {int(h): i for i, h in enumerate(own)}
    place[[spot[int(h)] for h in leaders]] = DEMONSTRATION
    taken = [spot[int(h)] for h in others[: len(guides)]]
    place[taken] = LINKED
    guide[taken] = guides
    return place, guide
