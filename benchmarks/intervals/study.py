"""One design after another: coverage, lengths and power of every method, as rows of numbers."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from evalkit.inference.auto import choose, few_villages
from evalkit.inference.basis import linear
from evalkit.results import Estimate
from intervals.batch import (
    DRAWING,
    Draws,
    add_effect,
    check,
    fitted,
    half_lengths,
    joined,
    measured,
    values,
    village_sums,
)
from intervals.designs import Study
from intervals.draws import Array, Sample, sample, sums

SAMPLES, EACH = 500, 10
"""Draws of villages and households, and of outcomes for each: 5,000 in all."""
CHECKED = 2
"""One outcome of every second sample is also computed by `infer` on households, with intervals by inversion."""
POWER_AT = 2.8
"""True effect at which power is measured, in standard deviations of the estimate: 80 % if that were known."""


def run(study: Study, seed: int, drawing: Collection[str] = tuple(DRAWING)) -> list[dict[str, Any]]:
    """Return one row a method; ``chosen`` marks what ``auto`` takes (none: it refuses).

    Of the methods that draw only those in ``drawing``; each has its own draws, so the rows are those of a full run.
    """
    drawing, spread = measured(drawing, study.pilot), spread_of(study, seed)
    parts: dict[str, list[dict[str, Array]]] = {}
    chosen: set[str] = set()
    for i in range(SAMPLES):
        drawn, y = drawn_sums(study, seed, i)
        rng = np.random.default_rng([seed, i, 1])
        draws = village_sums(drawn, y, fitted(drawn, y[0], rng))
        chosen.add(chosen_by_auto(draws.estimate))
        inverted = check(draws, drawn, y, i // CHECKED % EACH, rng, drawing) if i % CHECKED == 0 else {}
        control = half_lengths(draws)["crv1"]
        for name, part in one_sample(draws, POWER_AT * spread, drawing).items():
            draws_only = name in DRAWING
            half = np.array([inverted[name]] if name in inverted else []) if draws_only else part["half"]
            beside = control[[i // CHECKED % EACH] if inverted else []] if draws_only else control
            parts.setdefault(name, []).append({**part, "half": half, "control": control, "beside": beside})
    return [
        {"design": study.name, "method": name, "chosen": name in chosen, **_row(part, spread)}
        for name, part in parts.items()
    ]


def taken(study: Study, seed: int, samples: int = 10) -> set[str]:
    """Return what ``auto`` takes in the first samples of a design; it looks at the numbers of villages only."""
    found = set()
    for i in range(samples):
        drawn, y = drawn_sums(study, seed, i)
        found.add(chosen_by_auto(fitted(drawn, y[0], np.random.default_rng([seed, i, 1]))))
    return found


def drawn_sums(study: Study, seed: int, i: int) -> tuple[Sample, Array]:
    """Return the villages and the outcomes (EACH, G, P, T) of sample `i`."""
    rng = np.random.default_rng([seed, i])
    drawn = sample(study, rng)
    return drawn, sums(drawn, EACH, rng)


def spread_of(study: Study, seed: int) -> float:
    """Return the standard deviation of the estimate, from every fifth sample."""
    squares = []
    for i in range(0, SAMPLES, 5):
        drawn, y = drawn_sums(study, seed, i)
        estimate = fitted(drawn, y[0], np.random.default_rng([seed, i, 1]))
        squares.append(np.mean(values(village_sums(drawn, y, estimate)) ** 2))
    return float(np.sqrt(np.mean(squares)))


def chosen_by_auto(estimate: Estimate) -> str:
    """Return what ``auto`` takes, empty where it refuses."""
    return "" if few_villages(estimate) else choose(estimate, linear(estimate, "auto"))


def one_sample(draws: Draws, effect: float, drawing: Collection[str]) -> dict[str, dict[str, Array]]:
    """Return, by method, whether each draw's interval holds the truth and excludes 0 under `effect`, and its half."""
    estimate = values(draws)
    out = {
        name: {"covers": np.abs(estimate) <= half, "finds": np.abs(estimate + effect) > half, "half": half}
        for name, half in half_lengths(draws).items()
    }
    both = joined(draws, add_effect(draws, effect))
    for name in drawing:
        truth, zero = np.split(DRAWING[name](both), 2)
        out[name] = {"covers": truth > 0.05, "finds": zero <= 0.05}
    return out


def _row(parts: list[dict[str, Array]], spread: float) -> dict[str, float]:
    """Summarise the draws that have an interval; lengths known from few draws are scaled to all by those of CRV1."""
    keys = ("covers", "finds", "half", "control", "beside")
    covers, finds, half, control, beside = (np.concatenate([p[key] for p in parts]) for key in keys)
    finite = half[np.isfinite(half)]
    has = np.isfinite(half) if len(half) == len(covers) else np.full(len(covers), len(finite) > 0)
    hits, draws = int(covers[has].sum()), int(has.sum())
    scale = control.mean() / beside.mean() / spread
    return {
        "coverage": hits / draws if draws else math.nan,
        "upper_bound": upper_bound(hits, draws) if draws else math.nan,
        "size": 1 - hits / draws if draws else math.nan,
        "power": float(finds[has].mean()) if draws else math.nan,
        "mean_half_length": float(finite.mean()) * scale if draws else math.nan,
        "median_half_length": float(np.median(finite)) / spread if draws else math.nan,
        "share_without_interval": 1 - len(finite) / len(half),
    }


def upper_bound(hits: int, draws: int, level: float = 0.99) -> float:
    """Return the upper Clopper–Pearson bound of a share."""
    from scipy.special import betaincinv

    return 1.0 if hits == draws else float(betaincinv(hits + 1, draws - hits, level))
