"""Drawing the scenario: communities and townships, customers and growers, outcomes with and without the programme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.simulate.ningxia_post.scenario import PROCESSES, SUPPLY, Process, Scenario

Array = NDArray[np.float64]
CUT = 2.2
"""Normal draws are cut at so many standard deviations, so that no amount is negative."""
LATER = ("payments",)
"""Processes with draws of their own: what was drawn before they were thought of stays as it was."""
SHARES = ("account",)
"""Processes that are a share: the person has it where a draw that stays with the person lies below."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The simulated programme before it becomes files.

    ``rows`` has one row for each person and month seen: person, place, month, start (null = never), and for each
    process its outcome (null on the other side) and, as ``<process>_effect``, what the programme added to it; so also
    for ``orders`` of origin produce and its ``share`` in all produce bought.
    ``places`` has place, side ("community" or "township") and start.
    """

    places: pl.DataFrame
    rows: pl.DataFrame


def draw(scenario: Scenario) -> Drawn:
    """Draw the scenario; the same seed always gives the same programme."""
    rng = np.random.default_rng(scenario.seed)
    demand, supply = scenario.communities, scenario.townships
    sides = [
        _side(scenario, rng, "community", (demand["paired"], demand["other"], demand["customers"])),
        _side(scenario, rng, "township", (supply["linked"], supply["other"], supply["growers"])),
    ]
    places = pl.concat([s.places for s in sides])
    return Drawn(places, pl.concat([s.rows for s in sides], how="diagonal").sort("month", "person"))


def _side(scenario: Scenario, rng: np.random.Generator, side: str, numbers: tuple[int, int, int]) -> Drawn:
    pilots, others, people = numbers
    code = {"community": "S", "township": "X"}[side]
    order = rng.permutation(pilots + others)
    pilot = np.isin(np.arange(pilots + others), order[:pilots])
    names = [f"{code}{i + 1:02d}" for i in range(len(pilot))]
    places = pl.DataFrame(
        {"place": names, "side": side, "start": [scenario.start if p else None for p in pilot]},
        schema_overrides={"start": pl.Int64},
    )
    home = np.repeat(np.arange(len(pilot)), people)
    seen = _seen(rng, len(home), len(scenario.months), scenario.dirt["lost"])
    who, when = np.nonzero(seen)
    persons = pl.Series([f"{names[h]}{i % people + 1:03d}" for i, h in enumerate(home)])
    columns: dict[str, Any] = {
        "person": persons[who],
        "place": pl.Series(names)[home[who]],
        "month": when + scenario.first,
    }
    for name in (n for n in PROCESSES if (n == SUPPLY) == (side == "township")):
        apart = np.random.default_rng([scenario.seed, 1]) if name in LATER else rng
        outcome, effect = _outcome(scenario, name, apart, pilot, home)
        columns |= {name: outcome[who, when], f"{name}_effect": effect[who, when]}
    if side == "community":
        columns |= _basket(scenario, columns["purchases"], columns["purchases_effect"])
    return Drawn(places, pl.DataFrame(columns).join(places.select("place", "start"), on="place", maintain_order="left"))


def _seen(rng: np.random.Generator, n: int, months: int, lost: float) -> NDArray[np.bool_]:
    """Return who is seen in which month: some are lost for good."""
    stays = rng.random((n, months)) >= lost
    stays[:, 0] = True
    return np.logical_and.accumulate(stays, axis=1)


def _outcome(
    scenario: Scenario, name: str, rng: np.random.Generator, pilot: NDArray[np.bool_], home: NDArray[np.int64]
) -> tuple[Array, Array]:
    """Return the outcome and the part of it due to the programme, people × months."""
    p, months = scenario.processes[name], np.array(scenario.months)
    without = _places_without(scenario, p, rng, pilot)[home]
    added = np.outer(_share_of_effect(p, pilot), _path(p, months - scenario.start))[home]
    own, noise = _normal(rng, p.own_sd, len(home)), _normal(rng, p.noise_sd, (len(home), len(months)))
    if name in SHARES:
        bar = rng.random(len(home))[:, None]
        outcome, other = ((bar < share).astype(np.float64) for share in (without + added, without))
        return outcome, outcome - other
    return without + added + own[:, None] + noise, added


def _places_without(scenario: Scenario, p: Process, rng: np.random.Generator, pilot: NDArray[np.bool_]) -> Array:
    """Return the mean of each place in each month without the programme, places × months."""
    n, months = len(pilot), np.array(scenario.months)
    growth = 1 / (1 + np.exp(-(months - scenario.first - scenario.growth["middle"]) / scenario.growth["width"]))
    season = np.array(scenario.season)[months % 12]
    loads = [
        np.where(pilot, rng.uniform(*own, size=n), rng.uniform(*other, size=n))
        for own, other in ((p.growth_pilot, p.growth), (p.season_pilot, p.season))
    ]
    if p.neighbour:
        beside = _neighbour(pilot)
        for load in loads:
            load[beside] = load[pilot][0]
    shocks = np.zeros((n, len(months)))
    for t in range(len(months)):
        shocks[:, t] = p.shock_memory * (shocks[:, t - 1] if t else 0.0) + _normal(rng, p.shock_sd, n)
    level = p.level + _normal(rng, p.place_sd, n)
    other_gain = np.outer(pilot, p.earlier * (months >= scenario.start - p.earlier_months))
    return level[:, None] + np.outer(loads[0], growth) + np.outer(loads[1], season) + shocks + other_gain


def _neighbour(pilot: NDArray[np.bool_]) -> int:
    """Return the comparison place next to the first pilot."""
    return int(np.flatnonzero(~pilot)[0])


def _share_of_effect(p: Process, pilot: NDArray[np.bool_]) -> Array:
    share = pilot.astype(np.float64)
    if p.neighbour:
        share[_neighbour(pilot)] = p.neighbour
    return share


def _path(p: Process, since: NDArray[np.int64]) -> Array:
    """Return the effect by months since the start; 0 before, the last one from then on."""
    return np.where(since < 0, 0.0, np.array(p.effect)[np.clip(since, 0, len(p.effect) - 1)])


def _basket(scenario: Scenario, bought: Array, added: Array) -> dict[str, Array]:
    """Return orders of origin produce and its share in all produce bought, with what the programme added to each."""
    given = scenario.basket
    rng = np.random.default_rng([scenario.seed, 2])
    other = given["other"] + _normal(rng, given["other_sd"], len(bought))
    share, without = (x / (x + other) for x in (bought, bought - added))
    value = given["order_value"]
    return {"orders": bought / value, "orders_effect": added / value, "share": share, "share_effect": share - without}


def _normal(rng: np.random.Generator, sd: float, size: int | tuple[int, int]) -> Array:
    return np.clip(rng.standard_normal(size), -CUT, CUT) * sd
