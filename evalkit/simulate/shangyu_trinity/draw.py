"""Drawing the scenario: townships, members, and each yearly outcome with and without the programme."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.simulate.shangyu_trinity.rating import draw_rating
from evalkit.simulate.shangyu_trinity.scenario import Process, Scenario

Array = NDArray[np.float64]
CUT = 2.2
"""Normal draws are cut at so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The simulated programme before it becomes files.

    ``townships`` has township (0 …), name, adoption. ``rows`` has a row for each interview: member, township, year,
    adoption, each process in constant yuan (or as a share) and as ``<process>_effect`` what the programme added; and,
    in the year of the rating, ``score``, ``unsecured`` (0/1), ``contract`` and ``overdue``.
    """

    townships: pl.DataFrame
    rows: pl.DataFrame


def draw(scenario: Scenario) -> Drawn:
    """Draw the scenario; the same seed always gives the same programme."""
    rng = np.random.default_rng(scenario.seed)
    n, years = int(scenario.members["count"]), np.array(scenario.years)
    townships = _townships(scenario, rng)
    adoption = townships["adoption"].to_numpy().astype(np.int64)
    home = np.sort(np.concatenate([np.arange(len(adoption)), rng.integers(len(adoption), size=n - len(adoption))]))
    outcomes = {k: _outcome(p, scenario, rng, home, adoption) for k, p in scenario.processes.items()}
    sales = outcomes["sales"][0]
    rating = draw_rating(scenario, rng, sales[:, -1])
    who, when = np.nonzero(_interviews(scenario, rng, sales))
    members = pl.Series([f"{h + 1:02d}{i + 1:04d}" for i, h in enumerate(home)])
    columns: dict[str, Array | NDArray[np.int64] | pl.Series] = {
        "member": members[who],
        "township": home[who],
        "year": years[when],
        "adoption": adoption[home[who]],
    }
    for name, (outcome, effect) in outcomes.items():
        columns |= {name: outcome[who, when], f"{name}_effect": effect[who, when]}
    rated = years[when] == scenario.rating["year"]
    columns |= {name: np.where(rated, values[who], np.nan) for name, values in rating.items()}
    rows = pl.DataFrame(columns).with_columns(pl.col(*rating).fill_nan(None))
    return Drawn(townships, rows)


def _townships(scenario: Scenario, rng: np.random.Generator) -> pl.DataFrame:
    """Let townships begin in random order, in the numbers that the scenario states."""
    starts = [year for year, n in scenario.adoption.items() for _ in range(n)]
    order = rng.permutation(len(scenario.townships))
    adoption = np.empty(len(order), dtype=np.int64)
    adoption[order] = starts
    return pl.DataFrame({"township": range(len(order)), "name": scenario.townships, "adoption": adoption})


def _interviews(scenario: Scenario, rng: np.random.Generator, sales: Array) -> NDArray[np.bool_]:
    """Say who is interviewed in which year: some are lost for good, more of them with low sales; some absent once."""
    m = scenario.members
    low = sales < np.median(sales, axis=0)
    stays = rng.random(sales.shape) >= m["attrition"] + m["attrition_low"] * low
    stays[:, 0] = True
    return np.logical_and.accumulate(stays, axis=1) & (rng.random(sales.shape) >= m["absent"])


def _outcome(
    p: Process, scenario: Scenario, rng: np.random.Generator, home: NDArray[np.int64], adoption: NDArray[np.int64]
) -> tuple[Array, Array]:
    """Return the outcome and the part of it due to the programme, members × years."""
    g, t = len(adoption), len(scenario.years)
    township = p.level + _normal(rng, p.township_sd, g)
    shocks = np.zeros((g, t))
    for k in range(t):
        before = shocks[:, k - 1] if k else 0.0
        shocks[:, k] = p.shock_memory * before + _normal(rng, p.shock_sd, g)
    effect = np.array([[p.effect_at(int(y - a), scenario.gain[int(a)]) for y in scenario.years] for a in adoption])[
        home
    ]
    own, noise = _normal(rng, p.member_sd, len(home)), _normal(rng, p.noise_sd, (len(home), t))
    return (township[:, None] + shocks)[home] + own[:, None] + np.array(p.growth) + noise + effect, effect


def _normal(rng: np.random.Generator, sd: float, size: int | tuple[int, int]) -> Array:
    return np.clip(rng.standard_normal(size), -CUT, CUT) * sd
