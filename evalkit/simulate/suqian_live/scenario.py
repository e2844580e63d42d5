"""A scenario: every assumed number of the simulated programme, read from its file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.simulate.months import YEAR, month
from evalkit.simulate.registry import numbers


@dataclass(frozen=True, slots=True)
class Scenario:
    """All numbers of the simulated programme. Months count from year 0: 2016-01 is 2016·12."""

    seed: int
    first: int
    last: int
    start: int
    villages: Mapping[str, int]
    inflation: float
    sales: Mapping[str, Any]
    orders: Mapping[str, Any]

    @property
    def months(self) -> NDArray[np.int64]:
        """The months of the export, (T,)."""
        return np.arange(self.first, self.last + 1)

    @property
    def effect(self) -> NDArray[np.float64]:
        """What a room adds to a shop's sales in each month, (T,), in constant yuan."""
        path = self.sales["effect"]
        since = self.months - self.start
        return np.array([path[min(k, len(path) - 1)] if k >= 0 else 0.0 for k in since.tolist()], dtype=np.float64)

    @property
    def prices(self) -> NDArray[np.float64]:
        """The price level of each month's year, (T,); 1 in the first year."""
        return np.round((1 + self.inflation) ** (self.months // YEAR - self.first // YEAR), 4)


def read_scenario() -> Scenario:
    """Read the scenario's file of numbers."""
    v = tomllib.loads(numbers("suqian_live"))
    return Scenario(
        seed=v["seed"],
        first=month(v["first"]),
        last=month(v["last"]),
        start=month(v["start"]),
        villages=v["villages"],
        inflation=v["prices"]["inflation"],
        sales=v["sales"],
        orders=v["orders"],
    )
