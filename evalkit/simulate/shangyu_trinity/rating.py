"""The credit rating of one year: scores, who is lifted over the first cut-off, and what both cut-offs open."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.simulate.shangyu_trinity.scenario import Scenario

Array = NDArray[np.float64]
DIGITS = 2
"""Scores are sums of many weighted items, and have two decimals."""
CUT = 2.2


def draw_rating(scenario: Scenario, rng: np.random.Generator, sales: Array) -> dict[str, Array]:
    """Return score, unsecured line (0/1), contract and overdue of each member, (n,); NaN for those not rated."""
    r, n = scenario.rating, len(sales)
    true = _scores(scenario, rng, sales)
    trusted = rng.random(n) < r["trusted"]
    near = (true >= r["lifted_from"]) & (true < r["line_cutoff"]) & trusted
    lifted = near & (rng.random(n) < r["lifted"]) & (not scenario.holds)
    over: Array = r["line_cutoff"] + r["lifted_over"] * rng.random(n)
    score = np.asarray(np.round(np.where(lifted, over, true), DIGITS), dtype=np.float64)
    unsecured = _unsecured(scenario, rng, score)
    contract = _contract(scenario, rng, true, unsecured)
    overdue = _overdue(scenario, rng, true, score, lifted)
    rated = rng.random(n) < r["share"]
    drawn: dict[str, Array] = {"score": score, "unsecured": unsecured, "contract": contract, "overdue": overdue}
    return {name: np.where(rated, values, np.nan) for name, values in drawn.items()}


def _scores(scenario: Scenario, rng: np.random.Generator, sales: Array) -> Array:
    """Draw scores by a beta distribution; larger members score higher."""
    r = scenario.rating
    z = (sales - sales.mean()) / sales.std()
    order = np.argsort(
        np.argsort(r["sales_score"] * z + np.sqrt(1 - r["sales_score"] ** 2) * rng.standard_normal(len(z)))
    )
    a, b = r["shape"]
    spread = np.sort(rng.beta(a, b, size=len(z)))
    return np.asarray(np.round(r["low"] + (r["high"] - r["low"]) * spread[order], DIGITS), dtype=np.float64)


def _unsecured(scenario: Scenario, rng: np.random.Generator, score: Array) -> Array:
    r = scenario.rating
    chance = r["open_share"] + r["open_slope"] * (score - r["open_cutoff"])
    taken = (score >= r["open_cutoff"]) & (rng.random(len(score)) < chance)
    return np.asarray(taken, dtype=np.float64)


def _contract(scenario: Scenario, rng: np.random.Generator, score: Array, unsecured: Array) -> Array:
    c = scenario.contract
    away = score - scenario.rating["open_cutoff"]
    noise = c["noise_sd"] * np.clip(rng.standard_normal(len(score)), -CUT, CUT)
    value = c["level"] + c["slope"] * away + noise + c["effect"] * unsecured
    return np.asarray(np.maximum(value, 0.0), dtype=np.float64)


def _overdue(
    scenario: Scenario, rng: np.random.Generator, true: Array, score: Array, lifted: NDArray[np.bool_]
) -> Array:
    o, r = scenario.overdue, scenario.rating
    line = score >= r["line_cutoff"]
    noise = o["noise_sd"] * np.clip(rng.standard_normal(len(score)), -CUT, CUT)
    mean = o["level"] + o["slope"] * (true - r["line_cutoff"]) + o["effect"] * line + o["trusted"] * lifted
    return np.asarray(mean + noise, dtype=np.float64)
