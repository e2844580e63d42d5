"""ANCOVA: the outcome after the start on treatment and the outcome before, from the Panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from evalkit.errors import DesignError, UsageError
from evalkit.estimators.rows import fit_rows
from evalkit.panel import Panel
from evalkit.results import Estimate

BEFORE = "outcome_before"


def ancova(
    panel: Panel, *, baseline: str | None = None, strata: bool = True, covariates: Sequence[str] = ()
) -> Estimate:
    """Estimate the effect in the last round, holding fixed what the household had before the programme.

    Where treatment was drawn by lot and the outcome varies much from round to round, this is more precise than `did`,
    which takes the whole of the baseline off (McKenzie 2012, section 3). Where villages were chosen the two rest on
    different assumptions.

    Parameters
    ----------
    panel : Panel
        Sums by village do not hold the products of the outcome in two rounds, so the rows are needed.
    baseline : str, optional
        The column of the Panel's covariates with the outcome before; needed for one cross-section. Without it, the
        outcome of the last round before the first adoption (less the design's anticipation).
    strata : bool
        Whether to include an effect for each stratum of the design.
    covariates : sequence of str
        Household columns of the Panel, with their values of the baseline round where there is one.

    Returns
    -------
    Estimate
        One term, ``att``. Households not seen in both rounds are left out; a note counts them.

    Raises
    ------
    DesignError
        There is no round before the programme and no baseline column, nobody is seen in both rounds, or only one arm
        is.
    UsageError
        The baseline column is not among the Panel's covariates.

    Notes
    -----
    Least squares of y_last on an intercept, strata effects, covariates, y_before and the arm, weighted by the weight of
    the last round where the design has weights. K counts all columns.
    """
    if not isinstance(panel, Panel):
        raise UsageError("ancova", f"{type(panel).__name__}", "a Panel, which has the households' rows", "pass it")
    last = panel.frame.filter(pl.col("time") == pl.col("time").max())
    rows, note = (last, ()) if baseline is not None else with_baseline(panel, last, covariates)
    before = _column(panel, baseline) if baseline is not None else BEFORE
    arm = (rows["first_treated"] <= rows["time"]).fill_null(False)
    groups = ("stratum",) if strata and panel.design.strata else ()
    estimate = fit_rows(panel, rows, arm, (*groups, *covariates, before), "ancova")
    return replace(estimate, notes=(*estimate.notes, *note))


def _column(panel: Panel, baseline: str) -> str:
    if baseline not in panel.covariates:
        raise UsageError(
            "ancova",
            f"{baseline!r} is not among the Panel's covariates",
            "the column with the outcome before",
            "name it when the Panel is made: covariates=[…]",
        )
    return baseline


def with_baseline(panel: Panel, last: pl.DataFrame, covariates: Sequence[str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the last round's rows of households also seen before, with what they had then; and who was left out."""
    then = _baseline_round(panel)
    before = panel.frame.filter(pl.col("time") == then)
    own = before.select("unit", pl.col(panel.outcome).alias(BEFORE), *covariates)
    rows = last.drop(covariates).join(own, on="unit", how="inner", maintain_order="left")
    if rows.height == 0:
        raise DesignError(
            "ancova", f"no household is seen in round {then} and in the last", "households seen in both", "use itt"
        )
    lost = last.height - rows.height, before.height - rows.height
    return rows, (
        f"baseline is round {then}; left out: {lost[0]} households of the last round without it, "
        f"{lost[1]} of the baseline not seen in the last round",
    )


def _baseline_round(panel: Panel) -> int:
    frame, last = panel.frame, panel.frame["time"].max()
    start = frame.filter(pl.col("first_treated") <= last)["first_treated"].min()
    rounds = frame["time"].unique().sort().to_list()
    free = [t for t in rounds if start is None or t < int(str(start)) - panel.design.anticipation]
    if start is None or not free:
        raise DesignError(
            "ancova",
            "no household is treated" if start is None else "there is no round before the programme",
            "a round before the first adoption, or a column with the outcome before",
            "name the column: baseline=… (evalkit estimate: --baseline)",
        )
    return int(free[-1])
