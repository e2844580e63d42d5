"""The defaults of pyfixest and diff-diff, on the same draws: what a user gets who asks for clustering by village."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from intervals.designs import Study
from intervals.draws import rows
from intervals.study import SAMPLES, drawn_sums

CHOSEN = (
    "6/3 equal",
    "8/2 equal, pilot shocks x2",
    "12/2 equal",
    "12/3 unequal, pilot shocks x2",
    "12/6 equal",
    "20/4 unequal, pilot shocks x2",
    "20/10 equal",
    "40/20 equal",
)
"""Two rounds, as diff-diff knows before and after only. One draw of each sample: their calls take too long for more."""


def pyfixest(frame: pd.DataFrame) -> tuple[float, float]:
    """Return the interval of feols with household and round effects, clustered by village."""
    import pyfixest as pf

    fit = pf.feols("y ~ treated | unit + time", frame, vcov={"CRV1": "village"})
    low, high = fit.confint().iloc[0]
    return float(low), float(high)


def diff_diff(frame: pd.DataFrame) -> tuple[float, float]:
    """Return the interval of TwoWayFixedEffects clustered by village."""
    from diff_diff import TwoWayFixedEffects

    fit = TwoWayFixedEffects(cluster="village").fit(frame, outcome="y", treatment="ever", post="post", unit="unit")
    return float(fit.conf_int[0]), float(fit.conf_int[1])


PEERS: dict[str, tuple[str, Callable[[pd.DataFrame], tuple[float, float]]]] = {
    "pyfixest": ("pyfixest", pyfixest),
    "diff-diff": ("diff_diff", diff_diff),
}


def run(study: Study, seed: int, spread: float) -> list[dict[str, Any]]:
    """Return coverage and mean half-length (in standard deviations of the estimate) of each peer that is installed."""
    return [
        {"design": study.name, "method": f"{name} {version(name)}", "chosen": False, **_one(study, seed, call, spread)}
        for name, (module, call) in PEERS.items()
        if find_spec(module) is not None
    ]


def _one(
    study: Study, seed: int, call: Callable[[pd.DataFrame], tuple[float, float]], spread: float
) -> dict[str, float]:
    ends = []
    for i in range(SAMPLES):
        drawn, y = drawn_sums(study, seed, i)
        frame = pd.DataFrame(rows(drawn, y[0], np.random.default_rng([seed, i, 1])))
        frame["ever"] = (frame["first"] > 0).astype(int)
        frame["post"] = (frame["time"] > drawn.start).astype(int)
        frame["treated"] = frame["ever"] * frame["post"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ends.append(call(frame))
    low, high = np.array(ends).T
    return {
        "coverage": float(((low <= 0) & (high >= 0)).mean()),
        "mean_half_length": float(((high - low) / 2).mean()) / spread,
    }
