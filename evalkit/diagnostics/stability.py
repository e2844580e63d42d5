"""Does the answer hang on one village? What can be said of it without naming or showing any."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import polars as pl

from evalkit.diagnostics.leave_one_out import leave_one_out
from evalkit.errors import DesignError
from evalkit.results import Donors, Inference

Verdict = Literal["stable", "shifts", "turns", "undetermined"]


@dataclass(frozen=True, slots=True)
class Stability:
    """What becomes of the headline where any one village is left out.

    ``stable``: it stays on its side of 0 and within its interval; ``shifts``: without some village it leaves the
    interval; ``turns``: without some village it changes its sign; ``undetermined``: without some village nothing can be
    estimated. ``lowest`` and ``highest`` are the extremes, in units of the outcome, ``without`` the table of
    `leave_one_out`: they tell on single villages and are for internal pages.
    """

    verdict: Verdict
    lowest: float
    highest: float
    n_villages: int
    without: pl.DataFrame


def stability(main: Inference) -> Stability | None:
    """Leave out each village in turn; None where the estimator has no such refit or there is no interval."""
    row, estimate = main.row("att"), main.estimate
    if isinstance(estimate.basis, Donors) or row["conf_low"] is None:
        return None
    try:
        table = leave_one_out(estimate, str(row["term"]))
    except DesignError:
        return None
    known = table["estimate"].drop_nulls().to_list()
    extremes = (min(known), max(known)) if known else (math.nan, math.nan)
    interval = (row["conf_low"], row["conf_high"])
    verdict: Verdict = "undetermined" if len(known) < table.height else _verdict(row["estimate"], interval, extremes)
    return Stability(verdict, extremes[0], extremes[1], table.height, table)


def _verdict(value: float, interval: tuple[float, float], extremes: tuple[float, float]) -> Verdict:
    if min(value * end for end in extremes) <= 0:
        return "turns"
    return "stable" if interval[0] <= extremes[0] and extremes[1] <= interval[1] else "shifts"
