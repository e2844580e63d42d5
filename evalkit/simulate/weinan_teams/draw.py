"""Drawing the scenario: each outcome of each household with and without the programme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.simulate.weinan_teams.places import DEMONSTRATION, Places, draw_places
from evalkit.simulate.weinan_teams.scenario import Process, Scenario

Array = NDArray[np.float64]
CUT = 2.2
"""Normal draws are cut at so many standard deviations."""
MEASURES = (
    "net_per_mu",
    "sales_per_mu",
    "yield",
    "price",
    "wages",
    "workshop",
    "online",
    "loan",
    "grant",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawn:
    """The simulated programme before it becomes files.

    ``rows`` has one row for each interview: household (its number), village, place, guide, year, start (null = never)
    and for each of `MEASURES` its value and, as ``<measure>_without``, what it would have been without the programme.
    """

    places: Places
    rows: pl.DataFrame


def draw(scenario: Scenario) -> Drawn:
    """Draw the scenario; the same seed always gives the same programme."""
    rng = np.random.default_rng(scenario.seed)
    places = draw_places(scenario, rng)
    since = _since(scenario, places)
    reach = _reach(scenario, places)
    pairs = {name: _outcome(p, rng, places, since, reach) for name, p in scenario.processes.items()}
    measures = _per_mu(pairs) | _wages(scenario, rng, places, since)
    measures |= {"online": pairs["online"], "loan": pairs["loan"], "grant": _grants(scenario, rng, places, since)}
    who, when = np.nonzero(_interviews(scenario, rng, pairs["yield"][1]))
    columns: dict[str, Array | NDArray[np.int64]] = {
        "household": who,
        "village": places.home[who],
        "place": places.place[who],
        "guide": places.guide[who],
        "year": np.array(scenario.years)[when],
    }
    for name in MEASURES:
        columns[name], columns[f"{name}_without"] = (values[who, when] for values in measures[name])
    rows = pl.DataFrame(columns).join(
        places.villages.select("village", "start", "kind"), on="village", how="left", maintain_order="left"
    )
    return Drawn(places, rows.sort("year", "household"))


def _since(scenario: Scenario, places: Places) -> Array:
    """Return years since the start, households × years; NaN where the village never starts."""
    start = places.villages["start"].cast(pl.Float64).fill_null(np.nan).to_numpy()[places.home]
    return np.asarray(np.array(scenario.years, dtype=np.float64) - start[:, None])


def _reach(scenario: Scenario, places: Places) -> Array:
    """Return the share of the direct effect that reaches each household."""
    web = scenario.tables["web"]
    return np.array([1.0, web["linked"], web["unlinked"], 0.0])[places.place]


def _outcome(p: Process, rng: np.random.Generator, places: Places, since: Array, reach: Array) -> tuple[Array, Array]:
    """Return an outcome with and without the programme, households × years."""
    kinds, n_years = places.villages["kind"].to_numpy(), since.shape[1]
    gap = np.select([kinds == "early", kinds == "later"], [p.early_gap, p.later_gap], 0.0)
    trend = np.where(kinds == "early", p.early_trend, 0.0)[:, None] * np.arange(n_years)
    village = p.level + gap + _normal(rng, p.village_sd, len(kinds))
    path = village[:, None] + trend + np.array(p.growth) + _normal(rng, p.shock_sd, (len(kinds), n_years))
    own = _normal(rng, p.household_sd, len(reach)) + p.demonstration_gap * (places.place == DEMONSTRATION)
    without = path[places.home] + own[:, None] + _normal(rng, p.noise_sd, (len(reach), n_years))
    step = np.clip(np.nan_to_num(since, nan=-1.0), -1, len(p.effect) - 1).astype(np.int64)
    effect = np.where(step >= 0, np.array(p.effect)[np.maximum(step, 0)], 0.0) * reach[:, None]
    return without + effect, without


def _per_mu(pairs: Mapping[str, tuple[Array, Array]]) -> dict[str, tuple[Array, Array]]:
    """Return yield, price, sales (yield times price) and net income (sales less cost), all per mu."""
    sales = tuple(y * p for y, p in zip(pairs["yield"], pairs["price"], strict=True))
    net = tuple(s - c for s, c in zip(sales, pairs["cost"], strict=True))
    return {
        "yield": pairs["yield"],
        "price": pairs["price"],
        "sales_per_mu": (sales[0], sales[1]),
        "net_per_mu": (net[0], net[1]),
    }


def _wages(
    scenario: Scenario, rng: np.random.Generator, places: Places, since: Array
) -> dict[str, tuple[Array, Array]]:
    """Return wages and, of these, wages of the village workshop, which replace part of those earned elsewhere."""
    w, n = scenario.tables["wage"], len(places.home)
    home = _normal(rng, w["village_sd"], places.villages.height)[places.home] + _normal(rng, w["household_sd"], n)
    elsewhere = w["elsewhere"] + home[:, None] + np.array(w["growth"]) + _normal(rng, w["noise_sd"], since.shape)
    wishes = rng.random(n) < np.array([*w["works"], 0.0])[places.place]
    works = np.zeros(n, dtype=bool)
    for v in range(places.villages.height):
        works[np.flatnonzero(wishes & (places.home == v))[: w["most_workers"]]] = True
    workshop = np.where(works[:, None] & (np.nan_to_num(since, nan=-1.0) >= 0), float(w["month"] * w["months"]), 0.0)
    left = np.minimum(elsewhere, w["left_behind"] * workshop)
    return {"wages": (elsewhere - left + workshop, elsewhere), "workshop": (workshop, np.zeros_like(workshop))}


def _grants(scenario: Scenario, rng: np.random.Generator, places: Places, since: Array) -> tuple[Array, Array]:
    """Return the village's project funds per household; the programme brings some in years after the start."""
    g, n_villages = scenario.tables["grant"], places.villages.height
    shape = (n_villages, since.shape[1])
    base, more = rng.random(shape) < g["base_chance"], rng.random(shape) < g["chance"]
    share = g["amount"] / np.bincount(places.home, minlength=n_villages)
    first = [int(np.flatnonzero(places.home == v)[0]) for v in range(n_villages)]
    started = np.nan_to_num(since[first], nan=-1.0) >= 0
    without = base * share[:, None]
    return (without + (more & started) * share[:, None])[places.home], without[places.home]


def _interviews(scenario: Scenario, rng: np.random.Generator, yields: Array) -> NDArray[np.bool_]:
    """Return who is interviewed when: some are lost for good, more of them where yields are low; some absent once."""
    h = scenario.tables["household"]
    poor = yields[:, :1] < np.median(yields[:, 0])
    stays = rng.random(yields.shape) >= h["lost"] + h["lost_poor"] * poor
    stays[:, 0] = True
    return np.asarray(np.logical_and.accumulate(stays, axis=1) & (rng.random(yields.shape) >= h["absent"]))


def _normal(rng: np.random.Generator, sd: float, size: int | tuple[int, ...]) -> Array:
    return np.clip(rng.standard_normal(size), -CUT, CUT) * sd
