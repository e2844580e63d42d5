"""The last coefficient of a Poisson regression without each village, from the full solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.estimators.multinomial import STEP, Fit, Groups, fit
from evalkit.results import FloatArray

CHUNK = 100
"""Villages refitted at once: a few MB of shares."""
MAX_STEPS = 25
LARGE = 300.0
"""Beyond this an index comes from steps that do not end; the village is then refitted by itself."""
NEARLY_GONE = 1e-9
"""A village that holds all but this share of a positive sum is refitted by itself: zeros may then be separated."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one village adds to the sums: the group of each of its cells (r,), and the summed outcomes (r, T)."""

    place: NDArray[np.int64]
    sums: FloatArray


def refits(groups: Groups, fitted: Fit, parts: Sequence[Part]) -> FloatArray:
    """Return the last coefficient without each part, (G,); NaN where the others do not determine it.

    Newton's steps with the Hessian of the full solution, many villages at once. They end at the same maximum as steps
    with their own; a village without which they do not end, or some sum vanishes, is refitted by itself.
    """
    positive = np.zeros_like(groups.total)
    for part in parts:
        np.add.at(positive, part.place, (part.sums > 0).astype(np.float64))
    found = np.concatenate([_together(groups, fitted, parts[at : at + CHUNK]) for at in range(0, len(parts), CHUNK)])
    for j in np.flatnonzero(np.isnan(found)).tolist():
        found[j] = _alone(groups, fitted, positive, parts[j])
    return found


def _together(groups: Groups, fitted: Fit, parts: Sequence[Part]) -> FloatArray:
    """Return the coefficient without each of the parts, (V,); NaN where it needs a fit of its own."""
    own = np.zeros((*groups.total.shape, len(parts)))
    for j, part in enumerate(parts):
        np.add.at(own[:, :, j], part.place, part.sums)
    total = groups.total[:, :, None] - own
    gone = ((total <= NEARLY_GONE * groups.total[:, :, None]) & (own > 0)).any(axis=(0, 1))
    x = groups.x[:, :, fitted.kept].reshape(-1, int(fitted.kept.sum()))
    bread = fitted.bread[np.ix_(fitted.kept, fitted.kept)]
    beta = np.repeat(fitted.beta[fitted.kept, None], len(parts), axis=1)
    step = np.full_like(beta, np.inf)
    for _ in range(MAX_STEPS):
        share = np.exp(np.clip(x @ beta, -LARGE, LARGE)).reshape(total.shape) * fitted.seen[:, :, None]
        share /= np.maximum(share.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        rest = total - total.sum(axis=1, keepdims=True) * share
        step = bread @ (x.T @ rest.reshape(len(x), -1))
        beta = beta + step
        if np.abs(step).max() <= STEP:
            break
    done = (np.abs(step).max(axis=0) <= STEP) & ~gone
    return np.where(done, beta[-1], np.nan)


def _alone(groups: Groups, fitted: Fit, positive: FloatArray, part: Part) -> float:
    """Refit without one part; a sum to which no other adds is 0, not what rounding leaves."""
    total, elsewhere = groups.total.copy(), positive.copy()
    np.subtract.at(total, part.place, part.sums)
    np.subtract.at(elsewhere, part.place, (part.sums > 0).astype(np.float64))
    total[elsewhere == 0] = 0.0
    again = fit(Groups(groups.x, groups.seen, total), fitted.beta)
    return float(again.beta[-1]) if again.kept[-1] else float("nan")
