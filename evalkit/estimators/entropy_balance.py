"""Entropy balancing (Hainmueller 2012): the weights nearest to given ones under which means equal a target."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError, listed
from evalkit.results import FloatArray

TOLERANCE = 1e-9
"""Means are met to this, in standard deviations of the column."""
SAME = 1e-7
"""A direction in which rows vary by less, in standard deviations of the columns, is none."""
ROUNDING = 1e-12
"""A column that varies by less, in parts of its level, is constant; nor is less than this seen of a step's gain."""
STEPS = 100
HALVINGS = 40


def entropy_weights(
    values: FloatArray, target: FloatArray, base: FloatArray, names: tuple[str, ...] = ()
) -> FloatArray:
    """Return weights w (n,), summing to one, with Σ w_i x_i = target and Σ w_i log(w_i/q_i) least.

    w_i ∝ q_i exp(x_i'λ), and λ minimises the dual log Σ q_i exp((x_i − target)'λ), which is convex: Newton's method,
    with steps that are halved where they go too far (Hainmueller 2012, eq. 6 to 9).

    Parameters
    ----------
    values : array (n, k)
        What is balanced. Columns that others determine do no harm.
    target : array (k,)
        The means that the weights are to give.
    base : array (n,)
        Weights q to stay near to, positive; they are scaled to sum to one.
    names : tuple of str (k,)
        What columns are called in a message.

    Raises
    ------
    DesignError
        No positive weights give these means: the target does not lie among the rows. Columns whose target lies outside
        the range of the rows are named.
    """
    q = base / base.sum()
    z = _directions(values, target, q)
    found = None if z is None else _newton(z, q)
    if found is None:
        raise _unreachable(values, target, names)
    return found


def effective_number(weights: FloatArray) -> float:
    """Return (Σ w)²/Σ w²: as many rows of equal weight would be as precise (Kish 1965)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def _directions(values: FloatArray, target: FloatArray, q: FloatArray) -> FloatArray | None:
    """Return rows less target in directions that vary by one and apart (n, r); None where the target leaves them.

    So columns that say nearly the same, as levels of neighbouring rounds do, leave the problem well conditioned.
    """
    centre = q @ values
    size = np.sqrt(q @ (values - centre) ** 2)
    level = np.maximum(np.abs(centre), np.abs(target))
    scale = np.where(size > ROUNDING * level, size, np.where(level > 0, level, 1.0))
    spread, gap = (values - centre) / scale, (target - centre) / scale
    wide = (
        len(values) < values.shape[1]
    )  # only then are there axes beyond the rows; else (n, n) would be made for nothing
    _, sizes, axes = np.linalg.svd(spread * np.sqrt(q)[:, None], full_matrices=wide)
    lengths = np.zeros(len(axes))
    lengths[: len(sizes)] = sizes
    kept = lengths > SAME
    if np.abs(axes[~kept] @ gap).max(initial=0.0) > SAME:
        return None
    return np.asarray((spread - gap) @ axes[kept].T / lengths[kept])


def _newton(z: FloatArray, q: FloatArray) -> FloatArray | None:
    """Return the weights under which z has mean 0; None where there are none."""
    tilt = np.zeros(z.shape[1])
    value, w = _dual(z, q, tilt)
    for _ in range(STEPS):
        slope = w @ z
        if np.abs(slope).max(initial=0.0) <= TOLERANCE:
            return w
        bend = (z * w[:, None]).T @ z - np.outer(slope, slope)
        step = -np.linalg.lstsq(bend, slope, rcond=None)[0]
        for _ in range(HALVINGS):
            new, new_w = _dual(z, q, tilt + step)
            if new <= value + 1e-4 * float(slope @ step) + ROUNDING:
                break
            step = step / 2
        else:
            return None
        tilt, value, w = tilt + step, new, new_w
    return None


def _dual(z: FloatArray, q: FloatArray, tilt: FloatArray) -> tuple[float, FloatArray]:
    """Return log Σ q exp(z'λ) and the weights q exp(z'λ), scaled to sum to one."""
    height = z @ tilt
    top = float(height.max())
    raw = q * np.exp(height - top)
    return top + float(np.log(raw.sum())), raw / raw.sum()


def _unreachable(values: FloatArray, target: FloatArray, names: tuple[str, ...]) -> DesignError:
    low, high = values.min(axis=0), values.max(axis=0)
    outside = [
        f"{name}: {t:.4g}, others {a:.4g} to {b:.4g}"
        for name, t, a, b in zip(names or map(str, range(len(target))), target, low, high, strict=True)
        if not a <= t <= b
    ]
    what = f" ({listed(outside, 3)})" if outside else ""
    return DesignError(
        "balance",
        f"no weights of {len(values)} comparison villages give the means of the pilot villages{what}",
        "comparison villages on every side of the pilot villages",
        "add comparison villages, balance fewer rounds, or compare without balancing",
    )
