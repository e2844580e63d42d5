"""The scenario's numbers, read from its file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.simulate.registry import numbers

PROCESSES = ("yield", "price", "cost", "online", "loan")


@dataclass(frozen=True, slots=True)
class Process:
    """How one outcome comes about; see the scenario file for the meaning of each number."""

    level: float
    early_gap: float
    later_gap: float
    early_trend: float
    demonstration_gap: float
    growth: tuple[float, ...]
    household_sd: float
    village_sd: float
    shock_sd: float
    noise_sd: float
    effect: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """All numbers of the simulated programme; tables keep the names of the scenario file."""

    seed: int
    years: tuple[int, ...]
    processes: Mapping[str, Process]
    tables: Mapping[str, Mapping[str, Any]]

    @property
    def inflation(self) -> float:
        """Yearly growth of prices."""
        return float(self.tables["prices"]["inflation"])


def read_scenario() -> Scenario:
    """Read the scenario's file of numbers."""
    v = tomllib.loads(numbers("weinan_teams"))
    processes = {name: _process(v[name]) for name in PROCESSES}
    tables = {k: t for k, t in v.items() if isinstance(t, dict) and k not in PROCESSES}
    return Scenario(v["seed"], tuple(v["years"]), processes, tables)


def _process(values: Mapping[str, Any]) -> Process:
    given: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return Process(**given)
