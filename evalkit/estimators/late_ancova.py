"""LATE with the outcome before held fixed: what `ancova` is to `itt`, this is to `late`; from the Panel."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from evalkit.estimators.ancova import BEFORE, with_baseline
from evalkit.estimators.late import late
from evalkit.panel import Panel
from evalkit.results import Estimate


def late_ancova(panel: Panel) -> Estimate:
    """Estimate the effect of taking part on those who do so because they were assigned to, holding the baseline fixed.

    Parameters
    ----------
    panel : Panel
        Its design names a take-up. The outcome before is that of the last round before the first adoption.

    Returns
    -------
    Estimate
        Terms and columns as of `late`; the reduced form is `ancova`. Households not seen in both rounds are left out; a
        note counts them.

    Raises
    ------
    DesignError
        The design names no take-up, there is no round before the programme, or only one arm is seen in both rounds.

    Notes
    -----
    2SLS with the lot as instrument and the outcome before among the exogenous regressors of both stages (Wooldridge
    2010, section 5.1): what households had before is as independent of the lot as anything else before it, and where
    it explains much of the outcome the interval is shorter.
    """
    last = panel.frame.filter(pl.col("time") == pl.col("time").max())
    rows, note = with_baseline(panel, last, ())
    held = replace(panel, frame=rows, covariates=(BEFORE,))
    estimate = late(held, covariates=(BEFORE,))
    return replace(estimate, estimator="late_ancova", notes=(*estimate.notes, *note))
