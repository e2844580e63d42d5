"""Leave one village out: the estimate without each village, the most influential first. For internal pages."""

from __future__ import annotations

import numpy as np
import polars as pl

from evalkit.errors import UsageError, nearest
from evalkit.inference.basis import linear
from evalkit.inference.crv3 import without_each
from evalkit.results import Estimate, Influence

SCHEMA = {"cluster": pl.String, "arm": pl.String, "estimate": pl.Float64, "change": pl.Float64}


def leave_one_out(estimate: Estimate, term: str = "att") -> pl.DataFrame:
    """Return the estimate of a term without each village, and how far that is from the whole; largest first.

    One row a village: ``cluster``, ``arm`` (pilot, comparison or both), ``estimate`` and ``change`` in units of the
    outcome; null where the other villages do not determine the term. The table names villages: for internal use.

    Raises
    ------
    UsageError
        The estimate has no such term.
    """
    if term not in estimate.terms:
        raise UsageError(
            "leave_one_out", f"{term!r} ({nearest(term, list(estimate.terms))})", "a term", "choose one of them"
        )
    basis, j = estimate.basis, estimate.terms.index(term)
    sums = linear(estimate, "leave_one_out").sums if not isinstance(basis, Influence) else basis
    without = without_each(estimate)[:, j]
    arm = np.where(sums.treated & sums.untreated, "both", np.where(sums.treated, "pilot", "comparison"))
    frame = pl.DataFrame(
        {
            "cluster": list(sums.clusters),
            "arm": arm.tolist(),
            "estimate": without,
            "change": without - estimate.values[j],
        },
        schema=SCHEMA,
    ).with_columns(pl.selectors.float().fill_nan(None))
    return frame.sort(pl.col("change").abs(), descending=True, nulls_last=True, maintain_order=True)
