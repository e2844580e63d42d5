"""The scenario: every assumed number of the simulated programme, read from its file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.simulate.registry import numbers

NAME = "shangyu_trinity"
PROCESSES = ("sales", "online", "export", "income", "collective", "line", "used")


@dataclass(frozen=True, slots=True)
class Process:
    """How one outcome comes about; see the scenario file for the meaning of each number."""

    level: float
    township_sd: float
    member_sd: float
    shock_sd: float
    shock_memory: float
    noise_sd: float
    growth: tuple[float, ...]
    effect: tuple[float, ...]

    def effect_at(self, years_since: int, gain: float) -> float:
        """Return the true effect so many years after the start in a township that gains `gain` times the usual."""
        return 0.0 if years_since < 0 else gain * self.effect[min(years_since, len(self.effect) - 1)]


@dataclass(frozen=True, slots=True)
class Scenario:
    """All numbers of the simulated programme; without lifted scores where ``holds``."""

    seed: int
    years: tuple[int, ...]
    townships: tuple[str, ...]
    adoption: Mapping[int, int]
    gain: Mapping[int, float]
    members: Mapping[str, float]
    inflation: float
    rating: Mapping[str, Any]
    contract: Mapping[str, float]
    overdue: Mapping[str, float]
    processes: Mapping[str, Process]
    holds: bool = False


def read_scenario() -> Scenario:
    """Read the scenario's file of numbers."""
    v = tomllib.loads(numbers(NAME))
    return Scenario(
        seed=v["seed"],
        years=tuple(v["years"]),
        townships=tuple(v["townships"]["names"]),
        adoption={int(y): n for y, n in v["townships"]["adoption"].items()},
        gain={int(y): x for y, x in v["townships"]["gain"].items()},
        members=v["members"],
        inflation=v["prices"]["inflation"],
        rating=v["rating"],
        contract=v["contract"],
        overdue=v["overdue"],
        processes={name: _process(v[name]) for name in PROCESSES},
    )


def _process(values: Mapping[str, Any]) -> Process:
    given: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return Process(**given)
