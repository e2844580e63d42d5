"""Drawing a scenario: villages, households, and each outcome with and without the programme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.simulate.suqian_ecommerce.scenario import Process, Scenario

Array = NDArray[np.float64]
CUT = 2.2
"""Normal draws are cut at so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A simulated programme before it becomes files.

    ``rows`` has one row for each interview: household, village, year, adoption (null = never), weight, members, margin
    (net income a yuan sold online), wage_share (of income), order_value and shop_bar (yuan, see `trade`), and for each
    process its outcome in constant yuan and, as ``<process>_effect``, what the programme added to it.
    """

    villages: pl.DataFrame
    rows: pl.DataFrame


def draw(scenario: Scenario) -> Drawn:
    """Draw a scenario; the same seed always gives the same programme."""
    rng = np.random.default_rng(scenario.seed)
    villages = _villages(scenario, rng)
    n, years = int(scenario.villages["households"]), np.array(scenario.years)
    adoption = villages["adoption"].to_numpy().astype(np.float64)
    home = np.repeat(np.arange(villages.height), n)
    weight = np.round(rng.uniform(0.6, 1.8, size=len(home)), 2)
    members = np.clip(rng.poisson(scenario.household["members_mean"] - 1, size=len(home)) + 1, 1, 8)
    observed = _interviews(scenario, rng, len(home))
    who, when = np.nonzero(observed)
    columns: dict[str, Array | list[str]] = {
        "household": [f"{home[i] + 1:02d}{i % n + 1:03d}" for i in who],
        "village": home[who].astype(np.float64),
        "year": years[when].astype(np.float64),
        "weight": weight[who],
        "members": members[who].astype(np.float64),
    }
    margin = np.random.default_rng(scenario.seed + 2).uniform(*scenario.margin, size=len(home))
    columns["margin"] = margin[who]
    wage = np.random.default_rng(scenario.seed + 3).uniform(*scenario.wage_share, size=len(home))
    columns["wage_share"] = wage[who]
    for i, name in enumerate(("order_value", "shop_bar")):
        least, most = scenario.trade[name]
        columns[name] = np.random.default_rng(scenario.seed + 4 + i).uniform(least, most, size=len(home))[who]
    for name, process in scenario.processes.items():
        outcome, effect = _outcome(process, rng, home, adoption, years)
        columns[name] = outcome[who, when]
        columns[f"{name}_effect"] = effect[who, when]
    rows = pl.DataFrame(columns).with_columns(pl.col("village", "year", "members").cast(pl.Int64))
    joined = rows.join(villages.select("village", "adoption"), on="village", how="left", maintain_order="left")
    return Drawn(villages, joined.sort("year", "household"))


def _villages(scenario: Scenario, rng: np.random.Generator) -> pl.DataFrame:
    count = int(scenario.villages["count"])
    waves: Mapping[str, int] = scenario.villages["adoption"]
    dates = [int(year) for year, k in waves.items() for _ in range(k)]
    order = rng.permutation(count)
    adoption: list[int | None] = [None] * count
    for village, year in zip(order, dates, strict=False):
        adoption[int(village)] = year
    counties = [scenario.villages["counties"][v % len(scenario.villages["counties"])] for v in range(count)]
    return pl.DataFrame(
        {"village": range(count), "county": counties, "adoption": adoption}, schema_overrides={"adoption": pl.Int64}
    )


def _interviews(scenario: Scenario, rng: np.random.Generator, n: int) -> NDArray[np.bool_]:
    """Return which household is interviewed in which year: some are lost for good, some absent once."""
    stays = rng.random((n, len(scenario.years))) >= scenario.household["attrition"]
    stays[:, 0] = True
    present = rng.random((n, len(scenario.years))) >= scenario.household["absent"]
    there: NDArray[np.bool_] = np.logical_and.accumulate(stays, axis=1) & present
    return there


def _outcome(
    p: Process, rng: np.random.Generator, home: NDArray[np.int64], adoption: Array, years: NDArray[np.int64]
) -> tuple[Array, Array]:
    """Return the outcome and the part of it due to the programme, households × years."""
    n_villages, n_years = len(adoption), len(years)
    ever = ~np.isnan(adoption)
    village = p.level + _normal(rng, p.village_sd, n_villages) + p.adopter_gap * ever
    shocks = np.zeros((n_villages, n_years))
    for t in range(n_years):
        before = shocks[:, t - 1] if t else 0.0
        shocks[:, t] = p.shock_memory * before + _normal(rng, p.shock_sd, n_villages)
    own = _normal(rng, p.household_sd, len(home))
    noise = _normal(rng, p.noise_sd, (len(home), n_years))
    effect = np.array(
        [[p.effect_at(int(y - adoption[v])) if ever[v] else 0.0 for y in years] for v in range(n_villages)]
    )[home]
    without = (village[:, None] + shocks)[home] + own[:, None] + np.array(p.growth) + noise
    return without + effect, effect


def _normal(rng: np.random.Generator, sd: float, size: int | tuple[int, int]) -> Array:
    return np.clip(rng.standard_normal(size), -CUT, CUT) * sd
