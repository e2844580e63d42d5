"""Westfall–Young: step-down adjusted p-values of several outcomes, from villages drawn with replacement."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.inference.redraw import redraw
from evalkit.inference.step_down import Adjusted, single, step_down, told
from evalkit.results import Estimate


def westfall_young(
    estimates: Sequence[Estimate], *, term: str = "att", draws: int = 9999, seed: int = 1, within: str = "strata"
) -> Adjusted:
    """Adjust p-values for the number of outcomes by free step-down resampling of the smallest p.

    Westfall & Young (1993), algorithm 2.8, as Stata's ``wyoung`` carries it out with ``cluster()`` (and ``strata()``):
    p by CRV1 with G − 1 degrees of freedom; in each draw of villages, p* of the hypothesis that the drawn coefficient
    equals the estimated one. Unlike ``wyoung``, p = (1 + #)/(1 + draws), so it is never 0. It takes account of how the
    outcomes move together, which Holm does not. With few villages many draws are extreme, and p errs upwards.

    Parameters
    ----------
    estimates : sequence of Estimate
        One an outcome; villages are matched by name.
    within : {"strata", "all"}
        Where villages are drawn; see `redraw`.

    Returns
    -------
    Adjusted
        In the order of `estimates`.
    """
    redrawn = redraw(estimates, term=term, draws=draws, seed=seed, within=within)
    t, p = single(estimates, term)
    adjusted = step_down(-p, -redrawn.p_value)
    names = tuple(e.outcome for e in estimates)
    return Adjusted(names, t, p, adjusted, "westfall_young", told(redrawn, within, len(names)))
