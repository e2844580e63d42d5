"""A scenario: every assumed number of the simulated programme, read from its file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.simulate.months import month
from evalkit.simulate.registry import numbers

PROCESSES = ("purchases", "parcels", "account", "sales", "payments")
SUPPLY = "sales"
"""The one process of origin townships; the others are of communities."""


@dataclass(frozen=True, slots=True)
class Process:
    """How one outcome comes about; see the scenario file for the meaning of each number.

    ``effect`` is by month since the start; ``earlier`` what pilots gain for another reason, from ``earlier_months``
    before it; ``neighbour`` the share of the effect that reaches one comparison place.
    """

    level: float
    place_sd: float
    growth: tuple[float, float]
    growth_pilot: tuple[float, float]
    season: tuple[float, float]
    season_pilot: tuple[float, float]
    shock_sd: float
    shock_memory: float
    own_sd: float
    noise_sd: float
    effect: tuple[float, ...]
    earlier: float
    earlier_months: int = 0
    neighbour: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """All numbers of the simulated programme. Months count from year 0: 2016-03 is 2016·12 + 2."""

    seed: int
    first: int
    last: int
    start: int
    communities: Mapping[str, int]
    townships: Mapping[str, int]
    dirt: Mapping[str, float]
    inflation: float
    season: tuple[float, ...]
    growth: Mapping[str, float]
    basket: Mapping[str, float]
    processes: Mapping[str, Process]

    @property
    def months(self) -> range:
        """The months of the reports."""
        return range(self.first, self.last + 1)


def read_scenario() -> Scenario:
    """Read the scenario's file of numbers."""
    v = tomllib.loads(numbers("ningxia_post"))
    return Scenario(
        seed=v["seed"],
        first=month(v["first"]),
        last=month(v["last"]),
        start=month(v["start"]),
        communities=v["communities"],
        townships=v["townships"],
        dirt=v["dirt"],
        inflation=v["prices"]["inflation"],
        season=tuple(v["season"]["months"]),
        growth=v["growth"],
        basket=v["basket"],
        processes={name: _process(v[name]) for name in PROCESSES},
    )


def _process(values: Mapping[str, Any]) -> Process:
    given: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return Process(**given)
