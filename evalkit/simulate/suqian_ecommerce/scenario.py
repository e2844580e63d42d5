"""A scenario: every assumed number of a simulated programme, read from its file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.simulate.registry import numbers


@dataclass(frozen=True, slots=True)
class Process:
    """How one outcome comes about, in constant yuan; see the scenario file for the meaning of each number."""

    level: float
    adopter_gap: float
    growth: tuple[float, ...]
    household_sd: float
    village_sd: float
    shock_sd: float
    shock_memory: float
    noise_sd: float
    effect: tuple[float, ...]
    early: float

    def effect_at(self, years_since: int) -> float:
        """Return the true effect so many years after adoption; -1 is the year before."""
        if years_since < 0:
            return self.early if years_since == -1 else 0.0
        return self.effect[min(years_since, len(self.effect) - 1)]


@dataclass(frozen=True, slots=True)
class Scenario:
    """All numbers of a simulated programme."""

    name: str
    seed: int
    years: tuple[int, ...]
    villages: Mapping[str, Any]
    household: Mapping[str, Any]
    inflation: float
    processes: Mapping[str, Process]
    trade: Mapping[str, Any]
    margin: tuple[float, float]
    wage_share: tuple[float, float]


def read_scenario() -> Scenario:
    """Read the scenario's file of numbers."""
    v = tomllib.loads(numbers("suqian_ecommerce"))
    processes = {k: _process(v[k]) for k in ("income", "sales", "loan", "collective")}
    return Scenario(
        v["name"],
        v["seed"],
        tuple(v["years"]),
        v["villages"],
        v["household"],
        v["prices"]["inflation"],
        processes,
        v["trade"],
        tuple(v["ecommerce"]["margin"]),
        tuple(v["household"]["wage_share"]),
    )


def _process(values: Mapping[str, Any]) -> Process:
    given: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return Process(**given)
