"""Pre-trend: what the event study shows before the programme. It can warn; it never strengthens a claim."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from evalkit.inference.basis import is_fixed
from evalkit.results import Inference


@dataclass(frozen=True, slots=True)
class PreTrend:
    """The leads of an event study.

    ``p_joint`` is Bonferroni's bound on the leads (n times the smallest p), valid whatever their dependence.
    """

    n_leads: int
    largest_lead: float
    largest_lead_term: str
    conf_low: float | None
    conf_high: float | None
    p_joint: float | None


def pre_trend(event_study: Inference, anticipation: int) -> PreTrend | None:
    """Read the leads, rounds before adoption other than the base; None where there are none.

    Rounds between the base and adoption (anticipation) are no leads: behaviour may change there.
    """
    estimated = pl.Series(~is_fixed(event_study.estimate))
    leads = event_study.tidy().filter((pl.col("event_time") < -anticipation) & estimated)
    if leads.height == 0:
        return None
    largest = leads.sort(pl.col("estimate").abs(), descending=True).row(0, named=True)
    p_values = leads["p_value"].drop_nulls()
    joint = min(1.0, float(p_values.min()) * p_values.len()) if p_values.len() else None  # type: ignore[arg-type]
    return PreTrend(
        leads.height, largest["estimate"], largest["term"], largest["conf_low"], largest["conf_high"], joint
    )
