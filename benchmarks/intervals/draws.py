"""Draws of a design: sums by village, attendance pattern and round, and households that add up to them.

numpy only; shares no code with evalkit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from intervals.designs import Study

Array = NDArray[np.float64]
HOUSEHOLDS = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """Villages of a design with their households: n (G, P) by attendance pattern, attended (P, T), pilot (G,)."""

    study: Study
    n: NDArray[np.int64]
    attended: NDArray[np.bool_]
    pilot: NDArray[np.bool_]

    @property
    def start(self) -> int:
        """The first treated round, counted from 0."""
        return self.study.rounds // 2


def sample(study: Study, rng: np.random.Generator) -> Sample:
    """Draw village sizes and who leaves when; a household stays at least two rounds."""
    g, t = study.villages, study.rounds
    size = HOUSEHOLDS * np.exp(study.sizes * rng.normal(size=g) - study.sizes**2 / 2)
    n = np.maximum(np.round(size), 3).astype(np.int64)
    if study.first != "any":
        swapped = int(n.argmax() if study.first == "largest" else n.argmin())
        n[[0, swapped]] = n[[swapped, 0]]
    pilot = np.arange(g) < study.pilot
    last = np.arange(2, t + 1)
    attended = np.arange(t)[None, :] < last[:, None]
    stays = 1 - np.where(pilot, *study.lost)
    share = stays[:, None] ** (last - 2) * np.where(last < t, 1 - stays[:, None], 1.0)
    by_pattern = np.stack([rng.multinomial(n[v], share[v]) for v in range(g)])
    by_pattern[:, -1] += by_pattern.sum(axis=1) == 0
    return Sample(study, by_pattern, attended, pilot)


def sums(drawn: Sample, draws: int, rng: np.random.Generator) -> Array:
    """Draw Σy by village, pattern and round, (draws, G, P, T), without any effect; rounds not attended are 0."""
    study, t = drawn.study, drawn.study.rounds
    shocks = _shocks(study, (draws, study.villages, t), rng) * np.sqrt(study.icc)
    shocks *= np.where(drawn.pilot, study.pilot_shocks, 1.0)[:, None]
    noise = rng.normal(size=(draws, *drawn.n.shape, t)) * np.sqrt((1 - study.icc) * drawn.n)[:, :, None]
    level = shocks + 0.3 * np.arange(t)
    return (drawn.n[:, :, None] * level[:, :, None, :] + noise) * drawn.attended


def _shocks(study: Study, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Shocks of variance 1, (draws, G, T)."""
    fresh = rng.standard_t(4, size=shape) / np.sqrt(2) if study.heavy else rng.normal(size=shape)
    for t in range(1, shape[-1]):
        fresh[..., t] = study.serial * fresh[..., t - 1] + np.sqrt(1 - study.serial**2) * fresh[..., t]
    return fresh


def rows(drawn: Sample, one: Array, rng: np.random.Generator) -> dict[str, NDArray[np.generic]]:
    """Return columns of households whose sums are `one` (G, P, T), with effects and noise of their own."""
    g, p, t = np.nonzero(drawn.n[:, :, None] * drawn.attended[None])
    n = drawn.n[g, p]
    cell = np.repeat(np.arange(len(g)), n)
    member = np.arange(len(cell)) - np.repeat(np.cumsum(n) - n, n)
    first = np.cumsum(drawn.n).reshape(drawn.n.shape) - drawn.n
    household = first[g[cell], p[cell]] + member
    own = rng.normal(size=drawn.n.sum())
    cell_of = np.repeat(np.arange(drawn.n.size), drawn.n.ravel())
    own -= (np.bincount(cell_of, own, drawn.n.size) / np.maximum(drawn.n.ravel(), 1))[cell_of]
    return {
        "unit": household,
        "village": np.array([f"v{v:02d}" for v in range(len(drawn.n))])[g[cell]],
        "time": t[cell] + 1,
        "first": np.where(drawn.pilot[g[cell]], drawn.start + 1, 0),
        "y": (one[g, p, t] / n)[cell] + own[household],
    }
