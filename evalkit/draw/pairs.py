"""Pairs of villages that are alike: the pairing whose distances add up to least."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import UsageError

Matrix = NDArray[np.float64]
MOST = 300
"""Villages of one stratum that are paired at once: the programme behind it has n²/2 yes-or-no unknowns."""
SECONDS = 120.0
"""After which the search for the best pairing is given up, with a message."""


def distances(values: Matrix) -> Matrix:
    """Return Mahalanobis distances between rows of `values` (n, k): √((x − y)'S⁻(x − y)), S their covariance.

    Columns that do not vary, or that others determine, count nothing (pseudo-inverse).
    """
    centred = values - values.mean(axis=0)
    spread = centred.std(axis=0)
    scaled = centred[:, spread > 0] / spread[spread > 0]
    if scaled.shape[1] == 0:
        return np.zeros((len(values), len(values)))
    inverse = np.linalg.pinv(np.cov(scaled, rowvar=False).reshape(scaled.shape[1], -1), hermitian=True)
    gaps = scaled[:, None, :] - scaled[None, :, :]
    return np.asarray(np.sqrt(np.maximum(np.einsum("ijk,kl,ijl->ij", gaps, inverse, gaps), 0.0)))


def pair_up(apart: Matrix, where: str = "") -> list[tuple[int, int]]:
    """Return pairs (i < j, sorted) whose distances (n, n) add up to least; of an odd number one stays alone.

    An integer programme solved by HiGHS (scipy): an unknown for each pair that says whether it is made, each village in
    one pair exactly; for an odd number a place is added that is at no distance from anybody.

    Raises
    ------
    UsageError
        There is one village only, or more than `MOST`, or HiGHS finds no best pairing in `SECONDS`.
    """
    n = len(apart)
    if not 1 < n <= MOST:
        found = f"{n} villages" + (f" in stratum {where!r}" if where else "")
        raise UsageError("draw, pairs", found, f"2 to {MOST} villages in a stratum", "join or divide strata (--strata)")
    even = n + n % 2
    padded = np.zeros((even, even))
    padded[:n, :n] = apart
    left, right = np.triu_indices(even, 1)
    chosen = _solved(padded[left, right], left, right, even)
    return [(int(i), int(j)) for i, j in zip(left[chosen], right[chosen], strict=True) if j < n]


def _solved(costs: Matrix, left: NDArray[np.int64], right: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    each = np.arange(len(costs))
    places = (np.concatenate([left, right]), np.concatenate([each, each]))
    incidence = coo_array((np.ones(2 * len(costs)), places), shape=(n, len(costs))).tocsr()
    result = milp(
        costs,
        integrality=np.ones(len(costs)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(incidence, 1, 1),
        options={"time_limit": SECONDS, "mip_rel_gap": 0.0},
    )
    if not result.success:
        raise UsageError(
            "draw, pairs",
            f"no best pairing of {n} villages was found: {result.message}",
            "fewer villages",
            "use strata",
        )
    return np.asarray(result.x > 0.5)
