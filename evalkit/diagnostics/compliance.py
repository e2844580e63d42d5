"""Compliance: who was assigned and who took part, by arm; and what an instrument's estimate rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import polars as pl

from evalkit.errors import DesignError
from evalkit.estimators.late import LATE
from evalkit.inference.auto import few_villages
from evalkit.inference.infer import infer
from evalkit.moments import Moments
from evalkit.results import Inference

SCHEMA = {"arm": pl.String, "n_units": pl.Int64, "n_villages": pl.Int64, "take_up": pl.Float64}


def compliance(moments: Moments) -> pl.DataFrame:
    """Return households, villages and the (weighted) share that took part in the last round, by arm as assigned.

    The row ``difference`` holds the share that takes part because it was assigned (without strata effects).

    Raises
    ------
    DesignError
        The design names no take-up.
    """
    taken = moments.design.take_up
    if taken is None:
        raise DesignError("compliance", "the design names no take-up", "the column of who took part", "give take_up")
    _, cells = moments.of(taken)
    last = len(moments.periods) - 1
    here = cells.where(cells.attended[:, last])
    assigned = np.array([g is not None and g <= moments.periods[-1] for g in moments.cohorts])[here.cohort]
    rows = []
    for arm, mine in (("pilot", assigned), ("comparison", ~assigned)):
        weight = float(here.sum_w[mine, last].sum())
        share = float(here.sum_wy[mine, last].sum()) / weight if weight > 0 else None
        rows.append((arm, int(here.n_units[mine].sum()), len(np.unique(here.cluster[mine])), share))
    shares = [r[3] for r in rows]
    gap = None if shares[0] is None or shares[1] is None else shares[0] - shares[1]
    return pl.DataFrame([*rows, ("difference", None, None, gap)], schema=SCHEMA, orient="row")


def by_instrument(main: Inference, others: Sequence[tuple[str, Inference]]) -> Inference | None:
    """Return the first of the results that has an instrument, with its Anderson-Rubin interval; None where none has."""
    results = [main, *(result for _, result in others)]
    estimates = [r.estimate for r in results if r.estimate.estimator in LATE and not few_villages(r.estimate)]
    return infer(estimates[0], "anderson_rubin") if estimates else None


def instrument_notes(result: Inference) -> tuple[str, ...]:
    """Say in plain English how strong the instrument is, and the interval that holds however weak it is.

    Empty for estimates without an instrument.
    """
    if result.estimate.estimator not in LATE:
        return ()
    f = result.row("late")["first_stage_f"]
    strength = "undefined" if f is None else f"{f:.1f}"
    notes = [f"first-stage F, clustered by village: {strength}"]
    if result.method != "anderson_rubin" and result.estimate.counts.n_clusters > 1:
        robust = infer(result.estimate, "anderson_rubin", level=result.conf_level)
        low, high = float(robust.conf_low[0]), float(robust.conf_high[0])
        notes += [f"Anderson-Rubin interval: {low:.6g} to {high:.6g}"] if math.isfinite(low) else list(robust.notes)
    return tuple(notes)
