"""Drawing a scenario: villages and their lot, entities, who takes up what, outcomes, and who is interviewed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.simulate.suqian_post.outcomes import Base, draw_base, normal, outcomes
from evalkit.simulate.suqian_post.scenario import Scenario

Array = NDArray[np.float64]
NEVER = 9999
"""The year of a contract that never comes."""


@dataclass(frozen=True, slots=True)
class Stages:
    """How far each entity comes, (n,) each, in a village with or without an officer; `year` is that of the contract."""

    visited: NDArray[np.bool_]
    recorded: NDArray[np.bool_]
    contracted: NDArray[np.bool_]
    year: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A simulated programme before it becomes files.

    ``villages`` has a row a village: county and whether it drew an officer. ``home`` is each entity's village, ``mu``
    its land. ``with_officer`` and ``without_officer`` are what each entity does in either case, ``lived`` what it did;
    ``values`` are its outcomes by name, entities × years, and ``seen`` whether it was interviewed.
    """

    villages: pl.DataFrame
    home: NDArray[np.int64]
    mu: Array
    base: Base
    with_officer: Stages
    without_officer: Stages
    lived: Stages
    values: dict[str, Array]
    seen: NDArray[np.bool_]

    @property
    def assigned(self) -> NDArray[np.bool_]:
        """Whether the entity's village drew an officer, (n,)."""
        return self.villages["officer"].to_numpy()[self.home]


def draw(scenario: Scenario, *, holds: bool = False) -> Drawn:
    """Draw a scenario; the same seed always gives the same programme. ``holds`` leaves out the refusals."""
    rng = np.random.default_rng(scenario.seed)
    villages = _villages(scenario, rng)
    sizes = rng.integers(scenario.villages["smallest"], scenario.villages["largest"] + 1, size=villages.height)
    home = np.repeat(np.arange(villages.height), sizes)
    size = np.exp(normal(rng, scenario.entity["mu_spread"], len(home)))
    mu = np.round(scenario.entity["mu_median"] * size, 1)
    base = draw_base(scenario, rng, home, mu)
    officer = villages["officer"].to_numpy()[home]
    there, elsewhere = _stages(scenario, rng, home, officer)
    lived = _either(officer, there, elsewhere)
    values = outcomes(scenario, base, ramp(scenario, lived))
    seen = _interviews(scenario, rng, base, officer, lived, holds=holds)
    return Drawn(villages, home, mu, base, there, elsewhere, lived, values, seen)


def ramp(scenario: Scenario, stages: Stages) -> Array:
    """Return the share of the full effect that each entity has in each year, entities × years."""
    since = np.array(scenario.years)[None, :] - stages.year[:, None]
    steps = np.array(scenario.take_up["ramp"])
    return np.where(since < 0, 0.0, steps[np.clip(since, 0, len(steps) - 1)])


def _villages(scenario: Scenario, rng: np.random.Generator) -> pl.DataFrame:
    """Return villages with the lot drawn within counties."""
    n = int(scenario.villages["per_county"])
    names = [county for county in scenario.villages["counties"] for _ in range(n)]
    officer = np.concatenate([rng.permutation(np.arange(n) < n // 2) for _ in scenario.villages["counties"]])
    return pl.DataFrame({"village": range(len(names)), "county": names, "officer": officer})


def _stages(
    scenario: Scenario, rng: np.random.Generator, home: NDArray[np.int64], officer: NDArray[np.bool_]
) -> tuple[Stages, Stages]:
    """Return what each entity does with an officer in its village, and without: who contracts without does so with."""
    p, n = scenario.take_up, len(home)
    reluctance, late = rng.random(n), rng.random(n) >= p["in_first_year"]
    own = normal(rng, p["village_sd"], int(home.max()) + 1)[home]
    year = scenario.start + late.astype(np.int64)
    elsewhere = reluctance < p["contracted_elsewhere"]
    early = np.flatnonzero(elsewhere & officer)[: int(p["early"])]
    year[early] = scenario.start - 1
    there = Stages(
        reluctance < p["visited"],
        reluctance < p["recorded"],
        reluctance < p["contracted"] + own,
        np.where(reluctance < p["contracted"] + own, year, NEVER),
    )
    return there, Stages(
        reluctance < p["visited_elsewhere"],
        reluctance < p["recorded_elsewhere"],
        elsewhere,
        np.where(elsewhere, year, NEVER),
    )


def _either(officer: NDArray[np.bool_], there: Stages, elsewhere: Stages) -> Stages:
    return Stages(
        np.where(officer, there.visited, elsewhere.visited),
        np.where(officer, there.recorded, elsewhere.recorded),
        np.where(officer, there.contracted, elsewhere.contracted),
        np.where(officer, there.year, elsewhere.year),
    )


def _interviews(
    scenario: Scenario,
    rng: np.random.Generator,
    base: Base,
    officer: NDArray[np.bool_],
    lived: Stages,
    *,
    holds: bool,
) -> NDArray[np.bool_]:
    """Return who is interviewed when: some are lost for good; unless ``holds``, the disappointed more often."""
    n, rounds = len(officer), len(scenario.years)
    lost = np.full((n, rounds), float(scenario.entity["attrition"]))
    if not holds:
        poor = base.net_noise < 0
        disappointed = (officer & ~lived.contracted)[:, None] & poor
        lost += scenario.entity["refusal"] * disappointed
    stays = rng.random((n, rounds)) >= lost
    stays[:, 0] = True
    return np.logical_and.accumulate(stays, axis=1)
