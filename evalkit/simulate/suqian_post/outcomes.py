"""Outcomes of entities for any take-up: what chance brings is drawn once, so that with and without can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.simulate.suqian_post.scenario import Process, Scenario

Array = NDArray[np.float64]
CUT = 2.2
"""Normal draws are cut at so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Base:
    """What chance brings an entity, whatever it takes up.

    ``mu`` and ``size`` (land relative to the median) and ``amount`` (the loan that it would take) are (n,);
    ``without`` holds each process without a contract, ``standing`` the bank's view of the entity in (0, 1) (lower is
    better) and ``net_noise`` the luck in net income, each entities × years. ``sells`` says who would use the channel.
    """

    mu: Array
    size: Array
    amount: Array
    without: Mapping[str, Array]
    standing: Array
    net_noise: Array
    sells: NDArray[np.bool_]


def draw_base(scenario: Scenario, rng: np.random.Generator, home: NDArray[np.int64], mu: Array) -> Base:
    """Draw all that does not depend on the programme."""
    size, rounds, credit = mu / scenario.entity["mu_median"], len(scenario.years), scenario.credit
    spread = np.exp(normal(rng, credit["amount_spread"], len(home)))
    amount = np.clip(credit["amount_median"] * size * spread, credit["amount_least"], credit["amount_most"])
    without, noise = {}, np.zeros((len(home), rounds))
    for name, process in scenario.processes.items():
        without[name], drawn = _process(process, rng, home, rounds)
        noise = drawn if name == "net_per_mu" else noise
    sells = rng.random(len(home)) < scenario.take_up["channel"]
    return Base(mu, size, np.round(amount, -2), without, _standing(credit, rng, len(home), rounds), noise, sells)


def outcomes(scenario: Scenario, base: Base, ramp: Array) -> dict[str, Array]:
    """Return each outcome in constant yuan, entities × years, where ``ramp`` is the share of the full effect."""
    values = {name: base.without[name] + p.effect * ramp for name, p in scenario.processes.items()}
    line, loan = _credit(scenario, base, ramp)
    return {
        "line": line,
        "loan": loan,
        "days": np.round(values["days"]),
        "deposits": values["deposits"] * base.size[:, None],
        "sales": values["gross_per_mu"] * base.mu[:, None],
        "parcels": np.round(values["parcels"] * base.size[:, None]),
        "channel_share": values["channel_share"],
        "net_income": values["net_per_mu"] * base.mu[:, None],
        "net_per_mu": values["net_per_mu"],
    }


def normal(rng: np.random.Generator, sd: float, size: int | tuple[int, int]) -> Array:
    """Draw from a normal distribution, cut."""
    return np.clip(rng.standard_normal(size), -CUT, CUT) * sd


def _process(p: Process, rng: np.random.Generator, home: NDArray[np.int64], rounds: int) -> tuple[Array, Array]:
    """Return a process without the programme, entities × years, and its noise."""
    villages = int(home.max()) + 1
    level = p.level + normal(rng, p.village_sd, villages)[home] + normal(rng, p.entity_sd, len(home))
    shock = normal(rng, p.shock_sd, (villages, rounds))[home]
    noise = normal(rng, p.noise_sd, (len(home), rounds))
    return level[:, None] + np.array(p.growth) + shock + noise, noise


def _standing(credit: Mapping[str, float], rng: np.random.Generator, n: int, rounds: int) -> Array:
    """Return where each entity stands with the bank, even over (0, 1); most stand as in the year before."""
    standing = rng.random((n, rounds))
    keeps = rng.random((n, rounds)) < credit["persistence"]
    for t in range(1, rounds):
        standing[:, t] = np.where(keeps[:, t], standing[:, t - 1], standing[:, t])
    return standing


def _credit(scenario: Scenario, base: Base, ramp: Array) -> tuple[Array, Array]:
    """Return line and loan of each year: whoever has them without a contract has them with one."""
    credit, years = scenario.credit, np.arange(len(scenario.years))
    without = credit["line_share"] + credit["line_growth"] * years[None, :]
    share = np.where(ramp > 0, credit["line_contract"], without)
    line = np.where(base.standing < share, np.round(base.amount * credit["line_to_loan"], -2)[:, None], 0.0)
    loan = np.where(base.standing < share * credit["used"], base.amount[:, None], 0.0)
    return line, loan
