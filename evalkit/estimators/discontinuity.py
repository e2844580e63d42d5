"""The effect at a cut-off of a score: regression discontinuity, sharp or fuzzy, by rdrobust; from the Panel."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.errors import DesignError, UsageError
from evalkit.estimators.local_parts import local_parts
from evalkit.panel import Panel
from evalkit.results import Counts, Estimate, FloatArray, LocalFit

KERNELS = ("triangular", "uniform", "epanechnikov")
LEAST_VALUES = 10
"""Distinct scores that are needed on each side: fewer do not determine a curve and its noise."""
INSTALL = 'pip install "evalkit[discontinuity]"'


def discontinuity(
    panel: Panel,
    *,
    bandwidth: float | None = None,
    kernel: str = "triangular",
    clustered: bool = False,
    donut: float = 0.0,
) -> Estimate:
    """Compare those just above the cut-off of a score with those just below, by a local line on either side.

    Parameters
    ----------
    panel : Panel
        Its design names the score (``running``) and the ``cutoff``; with a ``take_up`` the estimate is fuzzy. Who is
        near a cut-off is not in sums by village: the rows are needed.
    bandwidth : float, optional
        In units of the score; chosen by the mean squared error where left out (rdrobust's mserd).
    kernel : {"triangular", "uniform", "epanechnikov"}
    clustered : bool
        Whether errors are taken as dependent within villages. Scores differ within villages, so by default not.
    donut : float
        Leaves out units nearer to the cut-off than this.

    Returns
    -------
    Estimate
        Sharp: the term ``att``, the jump at the cut-off. Fuzzy: ``late``, that jump for each unit of the jump in
        take-up, and ``first_stage``. Columns ``bandwidth_left``, ``bandwidth_right``, ``n_left`` and ``n_right``.

    Raises
    ------
    DesignError
        The design has no cut-off, the cut-off lies outside the scores, a side has fewer than ten distinct scores, or
        take-up does not change there; or the extra is not installed.

    Notes
    -----
    τ̂ = μ̂₊ − μ̂₋, the intercepts of weighted lines at the cut-off (Hahn, Todd & van der Klaauw 2001; Calonico, Cattaneo
    & Titiunik 2014, eq. 1; rdrobust's defaults: p = 1, q = 2, nearest-neighbour variances, ties adjusted). Weights of
    the design multiply the kernel. The interval is `inference.robust_student`.
    """
    if kernel not in KERNELS:
        raise UsageError("discontinuity", f"kernel {kernel!r}", " or ".join(KERNELS), "choose one of them")
    rows = _rows(panel, donut)
    _require_mass(rows, panel)
    fit, notes = _fit(rows, {"h": bandwidth, "kernel": kernel, "cluster": rows.place if clustered else None})
    chosen = float(fit.bws.loc["h", "left"])
    bias = float(fit.bws.loc["b", "left"])

    def refit(scale: float, hole: float) -> Estimate:
        return discontinuity(panel, bandwidth=scale * chosen, kernel=kernel, clustered=clustered, donut=hole)

    std_error, corrected, robust_error = _errors(fit)
    above, below = (_villages_with(rows, side) for side in (rows.x >= rows.cutoff, rows.x < rows.cutoff))
    near = [_near(rows, fit.bws[side], side == "left", kernel) for side in ("left", "right")]
    basis = LocalFit(
        clusters=rows.villages,
        treated=above,
        untreated=below,
        cutoff=rows.cutoff,
        bandwidth=(chosen, float(fit.bws.loc["h", "right"])),
        bias_bandwidth=(bias, float(fit.bws.loc["b", "right"])),
        near=(int(fit.N_h[0]), int(fit.N_h[1])),
        lines=np.array([_line(fit.beta_p_l), _line(fit.beta_p_r)]),
        refit=refit,
        std_error=std_error,
        corrected=corrected,
        robust_error=robust_error,
        sides=(near[0][0], near[1][0]),
        places=(near[0][1], near[1][1]) if clustered else None,
    )
    return _estimate(panel, rows, fit, basis, notes)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Score, outcome, take-up (None: sharp), weight (None: all alike) and place of the village, each (n,)."""

    cutoff: float
    x: FloatArray
    y: FloatArray
    taken: FloatArray | None
    weight: FloatArray | None
    place: NDArray[np.int64]
    villages: tuple[str, ...]


def _rows(panel: Panel, donut: float) -> _Rows:
    design = panel.design
    if design.running is None or design.cutoff is None:
        raise DesignError(
            "discontinuity",
            "the design names no score with a cut-off",
            "running and cutoff",
            "add them to the indicator in programme.toml, or to the Design",
        )
    frame = panel.frame.filter((pl.col(design.running).cast(pl.Float64) - design.cutoff).abs() >= donut)
    villages, place = np.unique(frame["cluster"].to_numpy().astype(str), return_inverse=True)
    taken = None if design.take_up is None else frame[design.take_up].cast(pl.Float64).to_numpy()
    weight = None if design.weights is None else frame["weight"].to_numpy()
    return _Rows(
        float(design.cutoff),
        frame[design.running].cast(pl.Float64).to_numpy(),
        frame[panel.outcome].to_numpy(),
        taken,
        weight,
        place.astype(np.int64),
        tuple(str(v) for v in villages),
    )


def _require_mass(rows: _Rows, panel: Panel) -> None:
    sides = [len(np.unique(rows.x[keep])) for keep in (rows.x < rows.cutoff, rows.x >= rows.cutoff)]
    if min(sides) < LEAST_VALUES:
        raise DesignError(
            "discontinuity",
            f"{sides[0]} distinct values of {panel.design.running!r} below {rows.cutoff:g} and {sides[1]} above",
            f"at least {LEAST_VALUES} on each side",
            "check the cut-off and the score; a heaped or rounded score needs its unrounded values",
        )
    if rows.taken is not None and len(np.unique(rows.taken)) < 2:
        raise DesignError(
            "discontinuity", "all or none took part", "take-up that changes at the cut-off", "leave take_up out"
        )


def _fit(rows: _Rows, options: Mapping[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """Call rdrobust; what it prints or warns of becomes notes."""
    with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stdout(io.StringIO()) as printed:
        warnings.simplefilter("always")
        rdrobust = _rdrobust()
        try:
            fit = rdrobust(rows.y, rows.x, c=rows.cutoff, fuzzy=rows.taken, weights=rows.weight, **options)
        except Exception as error:  # rdrobust raises plain exceptions; each is told as what the data do not allow
            raise DesignError(
                "discontinuity", f"rdrobust refused: {error}", "more units near the cut-off", "widen the bandwidth"
            ) from error
    if not np.isfinite(fit.coef.to_numpy()).all():
        raise DesignError(
            "discontinuity", "the lines are not determined", "a jump of take-up at the cut-off", "leave take_up out"
        )
    own = [str(w.message) for w in warned if issubclass(w.category, UserWarning)]
    return fit, tuple(line.strip() for line in (*printed.getvalue().splitlines(), *own) if line.strip())


def _rdrobust() -> Any:
    try:
        from rdrobust import rdrobust
    except ImportError as error:
        raise DesignError(
            "discontinuity", "rdrobust is not installed", "the extra discontinuity", f"run {INSTALL}"
        ) from error
    return rdrobust


def _line(coefficients: FloatArray) -> FloatArray:
    """Return intercept and slope of the outcome; where the design is fuzzy, take-up stands in a second column."""
    return np.asarray(coefficients, dtype=np.float64).reshape(2, -1)[:, 0]


def _villages_with(rows: _Rows, side: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.bincount(rows.place[side], minlength=len(rows.villages)) > 0


def _near(rows: _Rows, widths: Any, left: bool, kernel: str) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return score and part in the corrected intercept (2, n), and village, of the units of a side that count."""
    side = np.flatnonzero((rows.x < rows.cutoff) == left)
    side = side[np.argsort(rows.x[side], kind="stable")]
    weight = np.ones(len(side)) if rows.weight is None else rows.weight[side]
    near, part = local_parts(rows.x[side] - rows.cutoff, weight, float(widths["h"]), float(widths["b"]), kernel)
    return np.stack([rows.x[side][near], part]), rows.place[side][near]


def _errors(fit: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return standard errors, bias-corrected estimates and robust errors; of the first stage too where it is fuzzy."""
    parts = [(fit.coef, fit.se)] + ([] if fit.tau_T is None else [(fit.tau_T, fit.se_T)])
    values = np.array([np.ravel(c)[1] for c, _ in parts])
    errors = np.array([np.ravel(s) for _, s in parts])
    return errors[:, 0], values, errors[:, 2]


def _estimate(panel: Panel, rows: _Rows, fit: Any, basis: LocalFit, notes: tuple[str, ...]) -> Estimate:
    fuzzy = fit.tau_T is not None
    values = [np.ravel(fit.coef)[0], *([np.ravel(fit.tau_T)[0]] if fuzzy else [])]
    n, m = len(rows.x), len(values)
    counts = Counts(n, n, len(rows.villages), int(basis.treated.sum()), int(basis.untreated.sum()))
    columns = {
        "bandwidth_left": (basis.bandwidth[0],) * m,
        "bandwidth_right": (basis.bandwidth[1],) * m,
        "n_left": (basis.near[0],) * m,
        "n_right": (basis.near[1],) * m,
    }
    terms = ("late", "first_stage") if fuzzy else ("att",)
    return Estimate("discontinuity", panel.outcome, terms, np.array(values), basis, counts, columns, notes)
