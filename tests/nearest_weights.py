"""Weights nearest to given ones in relative entropy, by scipy's optimiser; entropy balancing is held to them."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize


def nearest_weights(values: np.ndarray, target: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return the weights nearest to q in relative entropy under which the rows have the target's means (SLSQP)."""
    return np.asarray(
        minimize(
            lambda w: float(w @ np.log(w / q)),
            q,
            jac=lambda w: np.log(w / q) + 1,
            bounds=[(1e-12, 1)] * len(q),
            constraints=[
                {"type": "eq", "fun": lambda w: w @ values - target, "jac": lambda _: values.T},
                {"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones_like(w)},
            ],
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 500},
        ).x
    )
