"""The plain two-way regression that a rollout invites: what it would have given, and what that number is made of."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.diagnostics.goodman_bacon import GoodmanBacon, goodman_bacon
from evalkit.diagnostics.twoway_weights import TwowayWeights, twoway_weights
from evalkit.moments import Moments
from evalkit.panel import Panel
from evalkit.programme import Programme


@dataclass(frozen=True, slots=True)
class PlainRegression:
    """One coefficient for all starts: the weights of the effects in it, and the comparisons that it is made of.

    ``weights`` is of all households seen twice, ``made_of`` of those seen in every round; ``made_of`` is None where
    nobody is, where households are not followed, or where weights change between a household's rounds.
    """

    weights: TwowayWeights
    made_of: GoodmanBacon | None


def plain_regression(programme: Programme, indicator: str) -> PlainRegression | None:
    """Return what the plain regression of an indicator is made of; None where villages do not start one after another.

    Raises
    ------
    DesignError
        As `twoway_weights`.
    """
    if programme.design_for(programme.indicator(indicator)).time is None:
        return None
    return plain_regression_in(Moments.from_panel(Panel.from_programme(programme, indicator)))


def plain_regression_in(moments: Moments, outcome: str | None = None) -> PlainRegression | None:
    """As `plain_regression`, from moments with their patterns; None with fewer than two starts within the rounds."""
    starts = {g for g in moments.cohorts if g is not None and g <= moments.periods[-1]}
    if len(starts) < 2:
        return None
    _, cells = moments.of(outcome, pooled=True)
    whole = moments.design.follows and cells.blocks is None and bool(cells.is_whole.any())
    made_of = goodman_bacon(moments, outcome, sample="complete") if whole else None
    return PlainRegression(twoway_weights(moments, outcome), made_of)
