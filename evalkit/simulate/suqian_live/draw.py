"""Drawing the scenario: villages, shops, what they would sell in each month, and the orders that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.simulate.months import YEAR
from evalkit.simulate.suqian_live.scenario import Scenario

Array = NDArray[np.float64]
CUT = 2.2
"""Normal draws are cut at so many standard deviations."""
EVENTS = 2
"""Shape of the gamma distribution of what a month brings."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A simulated programme before it becomes files.

    ``shops`` has a row for each shop: shop, village, pilot (0, 1), value (mean yuan an order). ``expected`` is
    mean sales by month in constant yuan, with what the room adds, (shops, T). ``orders`` has a row for each order that
    stands: place of the shop and of the month (from 0), and the amount in constant yuan.
    """

    shops: pl.DataFrame
    expected: Array
    orders: pl.DataFrame


def draw(scenario: Scenario) -> Drawn:
    """Draw the scenario; the same seed always gives the same programme."""
    rng = np.random.default_rng(scenario.seed)
    shops = _shops(scenario, rng)
    expected = _expected(scenario, shops, rng)
    return Drawn(shops, expected, _orders(scenario, shops["value"].to_numpy(), expected, rng))


def _shops(scenario: Scenario, rng: np.random.Generator) -> pl.DataFrame:
    v = scenario.villages
    count, n = v["pilot"] + v["comparison"], v["shops"]
    pilot = np.zeros(count, dtype=np.int64)
    pilot[rng.permutation(count)[: v["pilot"]]] = 1
    village = np.repeat(np.arange(count), n)
    shop = [f"{v + 1:02d}{i + 1:02d}" for v in range(count) for i in range(n)]
    value = _between(rng, scenario.orders["value"], len(village))
    return pl.DataFrame({"shop": shop, "village": village, "pilot": pilot[village], "value": value})


def _expected(scenario: Scenario, shops: pl.DataFrame, rng: np.random.Generator) -> Array:
    """Return mean sales: village and shop, growth, season and what the month brings as the village follows it."""
    s, months = scenario.sales, scenario.months
    home = shops["village"].to_numpy()
    pilot = shops.group_by("village", maintain_order=True).first()["pilot"].to_numpy() == 1
    loads = [_between(rng, s[name], len(pilot)) for name in ("follows_pilot", "follows")]
    follows = np.asarray(np.where(pilot, *loads))
    village = s["level"] + s["pilot_gap"] * pilot + _normal(rng, s["village_sd"], len(pilot))
    common = np.array(s["season"])[months % YEAR] + s["month_scale"] * (rng.gamma(EVENTS, size=len(months)) - EVENTS)
    path = village[:, None] + follows[:, None] * common + s["growth"] * np.arange(len(months))
    path = path + pilot[:, None] * scenario.effect + _normal(rng, s["noise_sd"], path.shape)
    return np.asarray(path[home] + _normal(rng, s["shop_sd"], len(home))[:, None])


def _orders(scenario: Scenario, value: Array, expected: Array, rng: np.random.Generator) -> pl.DataFrame:
    """Draw how many orders each shop has in each month, and what each is worth: on average, what is expected."""
    n = rng.poisson(expected / value[:, None]).ravel()
    shop, month = (np.repeat(a.ravel(), n) for a in np.indices(expected.shape))
    amount = value[shop] * _between(rng, scenario.orders["uneven"], len(shop))
    return pl.DataFrame({"shop": shop, "month": month, "amount": amount})


def _between(rng: np.random.Generator, ends: Sequence[float], size: int) -> Array:
    low, high = ends
    return rng.uniform(low, high, size=size)


def _normal(rng: np.random.Generator, sd: float, size: int | tuple[int, ...]) -> Array:
    return np.clip(rng.standard_normal(size), -CUT, CUT) * sd
