"""For whom along the distribution: effects on the share of households at or above each amount that a plan names."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from evalkit.diagnostics import Distribution, distribution, four_cell, pre_trend
from evalkit.errors import DesignError, UsageError
from evalkit.estimators.quantile_difference import quantile_difference
from evalkit.estimators.registry import estimate_by_name, path_by_name
from evalkit.flow import SampleFlow
from evalkit.inference import adjust
from evalkit.inference.auto import few_villages
from evalkit.inference.infer import infer, infer_or_none
from evalkit.moments import Moments
from evalkit.panel import Panel, flow_step, follow
from evalkit.programme import IndicatorPlan, Programme
from evalkit.results import Estimate, Inference

LEVEL = 0.95
"""Of all intervals together."""
ALIKE = 0.05
"""Arms began alike where their shares at every threshold differ by no more than this."""


@dataclass(frozen=True, slots=True)
class ThresholdEffects:
    """Effects on the share at or above each threshold, ascending.

    ``effects`` have intervals that all hold at once with 95 % (Bonferroni: each at 1 − .05/m); ``p_adjusted`` (Holm) is
    over the thresholds, None where undefined. ``p_before`` are of the leads of each threshold's own event study, None
    where there are none. ``start_gaps`` are the distances between the shares of pilots and comparison before the start,
    empty where there is no such round. ``bands`` counts who lies between thresholds before
    and after, None where there is no such pair of rounds. ``quantiles`` are those of `quantile_difference` where
    villages were drawn and rows have no weights, with intervals that hold at once; else None.
    """

    thresholds: tuple[float, ...]
    effects: tuple[Inference, ...]
    p_adjusted: tuple[float | None, ...]
    p_before: tuple[float | None, ...]
    start_gaps: tuple[float, ...]
    bands: Distribution | None
    quantiles: Inference | None

    @property
    def starts_alike(self) -> bool:
        """Whether arms began from like distributions: shares within `ALIKE` at every threshold."""
        return bool(self.start_gaps) and max(self.start_gaps) <= ALIKE


def at_least(panel: Panel, threshold: float) -> Panel:
    """Return the panel whose outcome is 1 where the amount is at least `threshold` and 0 where it is less.

    Any estimator of it gives the effect on the share of households there, in shares from 0 to 1; so do its village
    sums. A rising transformation of amount and threshold changes nothing.

    Raises
    ------
    UsageError
        The threshold is no finite number.
    """
    if not abs(threshold) < float("inf"):
        raise UsageError("at_least", f"{threshold}", "a finite number in the outcome's unit", "correct it")
    here = (pl.col(panel.outcome) >= threshold).cast(pl.Float64)
    frame = panel.frame.with_columns(here.alias(panel.outcome))
    flow = SampleFlow((flow_step("raw_rows", frame, 0),))
    return replace(panel, frame=frame, followed=follow(frame, panel.outcome), flow=flow, winsorised=None)


def threshold_effects(programme: Programme, indicator: str, *, seed: int = 1) -> ThresholdEffects | None:
    """Return the effects on the share at or above each of an indicator's `thresholds`; None where the plan names none.

    Each is the plan's estimator and interval on 0/1 (`at_least`): a difference in differences of shares where that
    estimator is one. They say how the distribution moved against where it would have been, not which households moved.

    Raises
    ------
    DataError, DesignError, PlanError
        As `evaluate`.

    Notes
    -----
    Parallel trends of amounts are not those of shares. Where arms start from different distributions, growth that all
    share lifts different parts of them over a threshold: in `suqian_ecommerce` (simulated) 63 of 100 pilot and 20 of
    100 comparison households begin above 3,000 yuan of online sales, all end there, and the difference in differences
    is −36 points. Parallel trends hold at every threshold where villages were drawn, or arms began alike (Roth &
    Sant'Anna 2023): see ``starts_alike``.

    References
    ----------
    Chernozhukov, Fernández-Val & Melly (2013), Econometrica 81, on distributions by regressions of 1(y ≤ c); Roth &
    Sant'Anna (2023), Econometrica 91, on parallel trends and functional form.
    """
    plan = programme.indicator(indicator)
    if not plan.thresholds:
        return None
    panel = Panel.from_programme(programme, indicator)
    parts = [at_least(panel, c) for c in plan.thresholds]
    level = 1 - (1 - LEVEL) / len(parts)
    effects = tuple(_inferred(_estimate(plan, p), plan.inference, level, seed) for p in parts)
    cells = four_cell(Moments.from_panel(panel))
    before, after = (None if x is None else int(x) for x in (cells.before_label, cells.after_label))
    return ThresholdEffects(
        plan.thresholds,
        effects,
        tuple(adjust([e.row("att")["p_value"] for e in effects], [indicator] * len(effects))),
        tuple(_p_before(plan, p, seed) for p in parts),
        () if before is None else tuple(start_gap(p, before) for p in parts),
        distribution(panel, before, after, edges=plan.thresholds),
        _quantiles(panel),
    )


def start_gap(panel: Panel, before: int) -> float:
    """Return the distance between the means of pilots and comparison in a round before any start.

    Comparison are households never treated; where there are none, those that start last.
    """
    rows = panel.frame.filter(pl.col("time") == before)
    first = pl.col("first_treated")
    never = rows["first_treated"].is_null().any()
    other = first.is_null() if never else first == rows["first_treated"].max()
    y, weight = pl.col(panel.outcome), pl.col("weight")
    means = [rows.filter(who).select((y * weight).sum() / weight.sum()).item() for who in (~other, other)]
    return float(abs(means[0] - means[1]))


def _quantiles(panel: Panel) -> Inference | None:
    if panel.design.assignment != "randomised" or panel.design.weights is not None:
        return None
    found = quantile_difference(panel)
    return infer(found, "crv1", level=1 - (1 - LEVEL) / len(found.terms))


def _estimate(plan: IndicatorPlan, panel: Panel) -> Estimate:
    return estimate_by_name(plan.estimator, Moments.from_panel(panel), panel)


def _inferred(estimate: Estimate, method: str, level: float, seed: int) -> Inference:
    few = few_villages(estimate, method)
    return infer_or_none(estimate, method, seed=seed) if few else infer(estimate, method, level=level, seed=seed)


def _p_before(plan: IndicatorPlan, panel: Panel, seed: int) -> float | None:
    """Return the p of the leads; None without rounds before, or where they cannot be told."""
    if panel.design.time is None:
        return None
    try:
        path = path_by_name(plan.estimator, Moments.from_panel(panel))
    except DesignError:
        return None
    leads = pre_trend(infer_or_none(path, "auto", seed=seed), panel.design.anticipation)
    return None if leads is None else leads.p_joint
