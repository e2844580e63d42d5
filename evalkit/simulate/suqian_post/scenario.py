"""A scenario: every assumed number of a simulated programme, read from its file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.simulate.registry import numbers

PROCESSES = ("net_per_mu", "gross_per_mu", "parcels", "channel_share", "deposits", "days")


@dataclass(frozen=True, slots=True)
class Process:
    """How one quantity comes about; see the scenario file for the meaning of each number."""

    level: float
    growth: tuple[float, ...]
    village_sd: float
    entity_sd: float
    shock_sd: float
    noise_sd: float
    effect: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """All numbers of a simulated programme."""

    seed: int
    years: tuple[int, ...]
    start: int
    villages: Mapping[str, Any]
    entity: Mapping[str, Any]
    take_up: Mapping[str, Any]
    inflation: float
    credit: Mapping[str, float]
    processes: Mapping[str, Process]
    backchecks: Mapping[str, Any]
    places: Mapping[str, Any]

    def price(self, year: int) -> float:
        """Return the price level of a year; 1 in the first."""
        return float(round((1 + self.inflation) ** (year - self.years[0]), 4))


def read_scenario() -> Scenario:
    """Read the scenario's file of numbers."""
    v = tomllib.loads(numbers("suqian_post"))
    processes = {k: Process(**{**v[k], "growth": tuple(v[k]["growth"])}) for k in PROCESSES}
    return Scenario(
        v["seed"],
        tuple(v["years"]),
        v["start"],
        v["villages"],
        v["entity"],
        v["take_up"],
        v["prices"]["inflation"],
        v["credit"],
        processes,
        v["backchecks"],
        v["places"],
    )
