"""Spread: what stands behind the means, village by village and household by household; descriptions for figures."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from evalkit.diagnostics.arms import FourCell
from evalkit.diagnostics.distribution import Distribution, distribution
from evalkit.diagnostics.stability import Stability
from evalkit.diagnostics.village_changes import village_changes
from evalkit.moments import Moments
from evalkit.panel import Panel


@dataclass(frozen=True, slots=True)
class Spread:
    """What changed in each village (see `village_changes`), and who lies in which band of an amount."""

    villages: pl.DataFrame | None
    distribution: Distribution | None


def spread(panel: Panel, moments: Moments, cells: FourCell, firm: Stability | None, *, is_primary: bool) -> Spread:
    """Return both for one indicator; distributions are for primary indicators, and need rounds."""
    rounds = (None if x is None else int(x) for x in (cells.before_label, cells.after_label))
    villages = village_changes(moments, None if firm is None else firm.without)
    return Spread(villages, distribution(panel, *rounds) if is_primary else None)
