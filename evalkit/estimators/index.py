"""The first outcome of a family: one index of all its outcomes, as a Panel that any estimator takes; needs the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from evalkit.columns import CANONICAL, EXPOSURE, FIRST, TIME, UNIT, WEIGHT
from evalkit.errors import DesignError, UsageError
from evalkit.flow import SampleFlow
from evalkit.indicators.index import icw_index
from evalkit.panel import Panel, check_rows, flow_step, follow


def family_index(panels: Sequence[Panel], better: Sequence[str], name: str = "index") -> Panel:
    """Return the panel of the inverse-covariance-weighted index of several outcomes (Anderson 2008).

    Outcomes are standardised by the comparison households of the first round and weighted by their covariance in that
    round; a cross-section has one. So the index has one scale over all rounds. Its weights come from rows, not from
    sums by village.

    Parameters
    ----------
    panels : sequence of Panel
        One an outcome, of one design.
    better : sequence of {"higher", "lower"}
        Which way is better; an outcome of which less is better is turned round.

    Raises
    ------
    DesignError
        The panels follow different designs, or no comparison household is seen in the first round.
    DataError
        See `indicators.index.icw_index`.
    UsageError
        Fewer than two panels, other lengths, or an unknown direction.
    """
    _check(panels, better)
    rows = _joined(panels)
    names = [p.outcome for p in panels]
    signs = np.array([-1.0 if b == "lower" else 1.0 for b in better])
    base = (rows[TIME] == rows[TIME].min()).to_numpy()
    comparison = base & rows[FIRST].is_null().to_numpy()
    if comparison.sum() < 2:
        raise DesignError(
            "index",
            f"{comparison.sum()} comparison households are seen in the first round",
            "at least two, to standardise by",
            "use the outcomes one by one",
        )
    values = rows.select(pl.col(names).cast(pl.Float64).fill_null(float("nan"))).to_numpy() * signs
    index = icw_index(values, names, comparison=comparison, base=base, weight=rows[WEIGHT].to_numpy())
    kept = [*panels[0].design.measured([]), *([EXPOSURE] if EXPOSURE in rows.columns else [])]
    frame = rows.select(*CANONICAL, *kept).with_columns(pl.Series(name, index))
    check_rows(frame, name)
    flow = SampleFlow((flow_step("raw_rows", frame, 0),))
    made = replace(panels[0], frame=frame, followed=follow(frame, name), outcome=name, flow=flow, winsorised=None)
    return replace(made, covariates=tuple(kept))


def _check(panels: Sequence[Panel], better: Sequence[str]) -> None:
    if len(panels) < 2 or len(panels) != len(better):
        raise UsageError(
            "index",
            f"{len(panels)} outcomes and {len(better)} directions",
            "two outcomes or more, and which way of each is better",
            "give both in the same order",
        )
    odd = [b for b in better if b not in {"higher", "lower"}]
    if odd:
        raise UsageError("index", f"better = {odd[0]!r}", "higher or lower", "correct it")
    other = [p.outcome for p in panels if p.design != panels[0].design]
    if other:
        raise DesignError(
            "index",
            f"{other[0]} follows another design than {panels[0].outcome}",
            "one design, with one weight, for all outcomes of a family",
            "put outcomes with other weights in another family",
        )


def _joined(panels: Sequence[Panel]) -> pl.DataFrame:
    """Return one row a unit and round with all outcomes (and take-up), missing where a panel has no such row."""
    shared = [*panels[0].design.measured([]), *([EXPOSURE] if all(EXPOSURE in p.frame.columns for p in panels) else [])]
    keys = pl.concat([p.frame.select(*CANONICAL, *shared) for p in panels]).unique(subset=[UNIT, TIME], keep="first")
    for panel in panels:
        keys = keys.join(panel.frame.select(UNIT, TIME, panel.outcome), on=[UNIT, TIME], how="left")
    return keys.sort(UNIT, TIME)
