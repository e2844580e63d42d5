"""Cost for each yuan gained: what a programme cost, over what it added in all, with the range of both."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalkit.finding import Finding
from evalkit.results import Inference


@dataclass(frozen=True, slots=True)
class CostPerGain:
    """What one unit of the indicator cost.

    ``cost`` is the sum of [[costs]] in yuan and ``cost_range`` the sum of their ranges; ``unit_years`` the persons or
    households, times years, that the effect came to. ``value`` = cost / (effect × unit_years), ``low`` and ``high``
    from the ends of both ranges: cheapest cost over largest effect, and the other way round. ``high`` is infinite where
    the effect may be 0 or negative, and ``value`` where the estimate is.
    """

    cost: float
    cost_range: tuple[float, float]
    unit_years: float
    value: float
    low: float
    high: float


def cost_per_gain(finding: Finding) -> CostPerGain | None:
    """Return what a unit of the finding's indicator cost; None where programme.toml does not ask for it.

    Both ranges are taken at their ends together, so that the range is at least as wide as a 95 % interval; costs are
    not estimated, and what was left out of [[costs]] is left out here. Costs and gains of different years are added as
    they stand, without discounting.
    """
    stated = finding.programme.cost_effectiveness
    if stated is None or stated.indicator != finding.indicator.name or not finding.programme.costs:
        return None
    costs = finding.programme.costs
    total = sum(c.amount_yuan for c in costs)
    ends = (sum((c.range or (c.amount_yuan,))[0] for c in costs), sum((c.range or (c.amount_yuan,))[-1] for c in costs))
    value, low, high = _ratios(finding.main, stated.unit_years, total, ends)
    return CostPerGain(total, ends, stated.unit_years, value, low, high)


def _ratios(main: Inference, unit_years: float, total: float, ends: tuple[float, float]) -> tuple[float, float, float]:
    row = main.row("att")
    effect, smallest, largest = row["estimate"], row["conf_low"], row["conf_high"]
    if smallest is None or largest is None:
        return _over(total, effect, unit_years), math.nan, math.nan
    return _over(total, effect, unit_years), _over(ends[0], largest, unit_years), _over(ends[1], smallest, unit_years)


def _over(cost: float, effect: float, unit_years: float) -> float:
    """Return cost / (effect × unit_years), infinite where nothing is gained."""
    return cost / (effect * unit_years) if effect > 0 else math.inf
