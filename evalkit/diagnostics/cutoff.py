"""What stands beside an estimate at a cut-off: whether scores bunch there, other bandwidths, and binned means."""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from evalkit.errors import DesignError
from evalkit.estimators.discontinuity import INSTALL
from evalkit.inference.basis import local_fit
from evalkit.inference.bias_corrected import local_conventional
from evalkit.inference.robust_student import robust_student
from evalkit.panel import Panel
from evalkit.results import Estimate, Inference

SCALES = (("half", 0.5), ("double", 2.0))
HOLE = 0.1
"""The donut leaves out those nearer than this share of the bandwidth."""
IN_BIN, MOST_BINS = 25, 10
"""Units that a bin holds at least, and bins on one side at most."""


@dataclass(frozen=True, slots=True)
class CutoffChecks:
    """Checks of an estimate at a cut-off.

    ``density_p`` is that of the test that scores are as dense just above as just below (None: it could not be made).
    ``bandwidths`` has a row for each other choice: ``check``, ``bandwidth``, ``donut``, estimate, interval, p, and the
    units used on each side; ``bins`` the mean outcome by score: ``side``, ``score``, ``mean``, ``n_units``,
    ``n_villages``.
    """

    density_p: float | None
    bandwidths: pl.DataFrame
    bins: pl.DataFrame


def cutoff_checks(panel: Panel, estimate: Estimate, level: float = 0.95) -> CutoffChecks | None:
    """Return the checks of a `discontinuity`; None for any other estimate."""
    if panel.design.running is None or estimate.estimator != "discontinuity":
        return None
    return CutoffChecks(density_test(panel), bandwidths(estimate, level), binned_means(panel))


def density_test(panel: Panel) -> float | None:
    """Return p of the test that the density of scores does not jump at the cut-off; None where it cannot be made.

    Cattaneo, Jansson & Ma (2020), by rddensity with its defaults: local quadratic, bias-corrected, jackknife errors. A
    small p says that somebody may have moved scores over the cut-off; a large one does not prove that nobody has.

    Raises
    ------
    DesignError
        The extra is not installed.
    """
    scores = panel.frame[str(panel.design.running)].cast(pl.Float64).to_numpy()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # ties are adjusted for, and said so with each call
        rddensity = _rddensity()
        try:
            p = float(rddensity(X=scores, c=float(panel.design.cutoff or 0.0)).test["p_jk"])
        except Exception:  # rddensity raises plain exceptions where too few scores lie near
            return None
    return p if np.isfinite(p) else None


def bandwidths(estimate: Estimate, level: float = 0.95) -> pl.DataFrame:
    """Return the estimate with half and double the bandwidth, with a hole at the cut-off, and its usual interval."""
    basis = local_fit(estimate, "bandwidths")
    hole = HOLE * basis.bandwidth[0]
    rows = [_row("chosen", 0.0, robust_student(estimate, level))]
    rows += [_row("conventional", 0.0, local_conventional(estimate, level))]
    for check, scale, donut in [*((c, s, 0.0) for c, s in SCALES), ("donut", 1.0, hole)]:
        try:
            rows.append(_row(check, donut, robust_student(basis.refit(scale, donut), level)))
        except DesignError:
            rows.append({"check": check, "donut": donut, "bandwidth": scale * basis.bandwidth[0]})
    floats = ("bandwidth", "donut", "estimate", "conf_low", "conf_high", "p_value")
    schema: dict[str, Any] = {"check": pl.String, **dict.fromkeys(floats, pl.Float64)}
    return pl.DataFrame(rows, schema={**schema, "n_left": pl.Int64, "n_right": pl.Int64})


def binned_means(panel: Panel) -> pl.DataFrame:
    """Return the weighted mean outcome in bins of equally many units on each side, from low to high scores."""
    running, cutoff = str(panel.design.running), panel.design.cutoff
    rows = panel.frame.with_columns(pl.col(running).cast(pl.Float64).alias("score")).sort("score", "unit")
    parts = []
    for side, keep in (("below", pl.col("score") < cutoff), ("above", pl.col("score") >= cutoff)):
        own = rows.filter(keep)
        n_bins = max(1, min(MOST_BINS, own.height // IN_BIN))
        place = np.arange(own.height) * n_bins // max(own.height, 1)
        parts.append(own.with_columns(pl.lit(side).alias("side"), pl.Series("bin", place, dtype=pl.Int64)))
    w, y = pl.col("weight"), pl.col(panel.outcome)
    table = pl.concat(parts).group_by("side", "bin", maintain_order=True)
    return table.agg(
        ((pl.col("score") * w).sum() / w.sum()).alias("score"),
        ((y * w).sum() / w.sum()).alias("mean"),
        pl.len().cast(pl.Int64).alias("n_units"),
        pl.col("cluster").n_unique().cast(pl.Int64).alias("n_villages"),
    ).drop("bin")


def _row(check: str, donut: float, result: Inference) -> dict[str, Any]:
    row = result.tidy().row(0, named=True)
    shown = ("estimate", "conf_low", "conf_high", "p_value", "n_left", "n_right")
    return {"check": check, "donut": donut, "bandwidth": row["bandwidth_left"], **{k: row[k] for k in shown}}


def _rddensity() -> Any:
    try:
        from rddensity import rddensity
    except ImportError as error:
        raise DesignError(
            "discontinuity", "rddensity is not installed", "the extra discontinuity", f"run {INSTALL}"
        ) from error
    return rddensity
