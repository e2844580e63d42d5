"""Small panels and plain least squares for tests; shares no code with evalkit."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

Array = NDArray[np.float64]


def village_panel(
    seed: int, adoption: list[int], *, households: int = 4, rounds: int = 3, missing: float = 0.2
) -> pl.DataFrame:
    """Return an unbalanced panel: village v adopts in round adoption[v] (0 = never); rounds are 1 … rounds."""
    rng = np.random.default_rng(seed)
    rows = []
    for v, first in enumerate(adoption):
        shock = rng.normal(size=rounds + 1)
        for h in range(households):
            own, weight = rng.normal(), rng.uniform(0.5, 2)
            for t in range(1, rounds + 1):
                y = own + shock[t] + 0.3 * t + (0.8 if first and t >= first else 0.0) + rng.normal()
                rows.append((f"h{v}_{h}", f"v{v}", t, first, weight, weight * rng.uniform(0.8, 1.2), f"s{v % 2}", y))
    frame = pl.DataFrame(
        rows, schema=["household", "village", "round", "first", "weight", "round_weight", "stratum", "y"], orient="row"
    )
    keep = rng.random(frame.height) > missing
    return frame.filter(pl.Series(keep))


def dummies(values: pl.Series) -> Array:
    """Return one indicator column for each distinct value."""
    kinds = values.unique().sort()
    return np.column_stack([(values == k).to_numpy().astype(float) for k in kinds])


def two_way_design(frame: pl.DataFrame, treated: Array) -> Array:
    """Return household dummies, round dummies (all but the first) and treatment."""
    return np.column_stack([dummies(frame["household"]), dummies(frame["round"])[:, 1:], treated])


def weighted_least_squares(x: Array, y: Array, w: Array | None = None) -> Array:
    """Return the coefficients of least squares, with rows scaled by the root of their weight."""
    root = np.ones(len(y)) if w is None else np.sqrt(w)
    return np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]


def clustered_t(x: Array, y: Array, clusters: NDArray[np.str_], w: Array | None = None) -> float:
    """Return t of the last column with CRV1 up to its constant factor, from rows alone."""
    weight = np.ones(len(y)) if w is None else w
    beta = weighted_least_squares(x, y, w)
    bread = np.linalg.pinv(x.T @ (x * weight[:, None]))
    residual = y - x @ beta
    scores = np.stack(
        [(x[clusters == c] * (weight * residual)[clusters == c, None]).sum(axis=0) for c in np.unique(clusters)]
    )
    return float(beta[-1] / np.linalg.norm(scores @ bread[:, -1]))
