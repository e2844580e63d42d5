"""Before and after in pilot villages alone, from Moments: what programmes report."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimators.linear import solve
from evalkit.estimators.within import event_times, within_sums
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.results import Estimate, FloatArray


def pre_post(moments: Moments, outcome: str | None = None) -> Estimate:
    """Estimate the change of treated households from before to after adoption; there is no comparison in it.

    Returns
    -------
    Estimate
        One term, ``att``, named so for the tidy table; it is an effect only where nothing else changed.

    Raises
    ------
    DesignError
        No household is treated, or none is seen both before and after.

    Notes
    -----
    Least squares on the rows of treated households with household effects and no round effects.
    """
    name, cells = moments.of(outcome, folded=True, pooled=True)
    own = treated_only(moments, cells)

    def after(cohort: int | None) -> FloatArray:
        return (np.nan_to_num(event_times(moments, cohort), nan=-1.0) >= 0).astype(np.float64)[:, None]

    within = within_sums(moments, own, after, ["after"], period_effects=False)
    basis = solve(within.sums, np.ones((1, 1)), within.names, k_extra=1)
    return Estimate(
        "pre_post",
        name,
        ("att",),
        basis.beta.copy(),
        basis,
        within.counts,
        notes=("no comparison villages: a change, not an effect",),
    )


def treated_only(moments: Moments, cells: Cells) -> Cells:
    """Return the cells of households that are treated within the observed rounds."""
    last = max(moments.periods)
    ever = np.array([g is not None and g <= last for g in moments.cohorts])[cells.cohort]
    if not ever.any():
        raise DesignError("pre_post", "no household is treated", "treated households", "check the adoption rounds")
    return cells.where(ever)
