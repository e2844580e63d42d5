"""Romano–Wolf: step-down adjusted p-values of several outcomes by the largest |t|, on redrawn villages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalkit.inference.redraw import redraw
from evalkit.inference.step_down import Adjusted, single, step_down, told
from evalkit.results import Estimate


def romano_wolf(
    estimates: Sequence[Estimate], *, term: str = "att", draws: int = 9999, seed: int = 1, within: str = "strata"
) -> Adjusted:
    """Adjust p-values for the number of outcomes by step-down resampling of the largest |t|.

    Romano & Wolf (2005), studentised; p as in Romano & Wolf (2016), equation 15: (1 + #)/(1 + draws). t and t* have
    CRV1 standard errors; t* = (b* − b)/se*. Where all outcomes are known in the same villages it equals
    `westfall_young`: p then falls with |t| alike for all. Otherwise outcomes known in fewer villages have a longer tail
    here.

    Parameters
    ----------
    estimates, term, draws, seed, within
        As for `westfall_young`.

    Returns
    -------
    Adjusted
        In the order of `estimates`.
    """
    redrawn = redraw(estimates, term=term, draws=draws, seed=seed, within=within)
    t, p = single(estimates, term)
    adjusted = step_down(np.abs(t), np.abs(redrawn.statistic))
    names = tuple(e.outcome for e in estimates)
    return Adjusted(names, t, p, adjusted, "romano_wolf", told(redrawn, within, len(names)))
