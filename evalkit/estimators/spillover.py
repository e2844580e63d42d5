"""Spillovers by design: effects on demonstration, linked and other households of pilot villages, from the Panel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.columns import EXPOSURE, EXPOSURES
from evalkit.errors import DataError, DesignError, UsageError, listed
from evalkit.estimators.linear import solve
from evalkit.estimators.rows import village_sums
from evalkit.panel import Panel
from evalkit.results import Counts, Estimate, FloatArray

TERMS = {"demonstration": "direct", "linked": "spillover", "unlinked": "unlinked"}
"""The term of each group of households in pilot villages."""
WITHIN = "direct_less_unlinked"
OUTSIDE = EXPOSURES[-1]


def spillover(panel: Panel) -> Estimate:
    """Estimate what the programme changed for demonstration, linked and unlinked households, and over all of them.

    Each group of a pilot village is compared with villages that have not started: not with its own neighbours, whom the
    programme may have reached as well.

    Parameters
    ----------
    panel : Panel
        With the column ``exposure`` among its covariates: ``demonstration``, ``linked``, ``unlinked``, or
        ``comparison`` for all households of villages that never start. Moments do not suffice: their keys are village,
        adoption and attendance, and all households of a pilot village share the first two.

    Returns
    -------
    Estimate
        Terms ``total`` (the headline: all households of pilot villages), ``direct`` (demonstration), ``spillover``
        (linked) and ``unlinked``, those that there are, and ``direct_less_unlinked``, what a comparison within pilot
        villages would take for the direct effect. Columns ``n_treated_units`` and ``n_treated_villages``.

    Raises
    ------
    DataError
        The column is missing or has other values; it changes within a household; households of one kind stand in
        villages of the other.
    UsageError
        Moments in place of a Panel.
    DesignError
        There is no demonstration household, no household seen twice, or no village that has not started in a round.

    Notes
    -----
    Assumed exposure mapping (Aronow & Samii 2017, sec. 3): what happens to a household depends on its own group and on
    its village's start, not on other villages (partial interference: Hudgens & Halloran 2008); links are as recorded,
    and a household with several links counts as one with a link.

    y_it = α_i + λ_t + Σ β_egt 1(household i of group e, its village started in g, t ≥ g) + ε_it: a coefficient for each
    group, starting round and round (Wooldridge 2021, eq. 6.33), so that effects may differ by all three. A term is the
    mean of its coefficients, each weighted by the household-rounds observed. Clustered by village; K as in `did`.
    """
    if not isinstance(panel, Panel):
        raise UsageError("spillover", f"{type(panel).__name__}", "a Panel, which has the households' groups", "pass it")
    rows = _checked(panel)
    cells = _cells(rows)
    names, x = _regressors(rows, cells)
    w = rows["weight"].to_numpy()
    demean = _Within(_codes(rows["unit"]), w)
    columns = np.column_stack([demean(x[:, j]) for j in range(x.shape[1])])
    y = demean(rows[panel.outcome].to_numpy())
    sums = village_sums(rows, columns, y, w, panel.design.weights is not None)
    terms, contrasts = _contrasts(cells, x.shape[1])
    basis = solve(sums, contrasts, names, k_extra=1)
    singles = panel.frame["unit"].n_unique() - rows["unit"].n_unique()
    counts = Counts(
        rows.height,
        rows["unit"].n_unique(),
        len(sums.clusters),
        int(sums.treated.sum()),
        int(sums.untreated.sum()),
        singles,
    )
    return Estimate(
        "spillover", panel.outcome, terms, contrasts @ basis.beta, basis, counts, _sizes(rows, terms), _notes(terms)
    )


@dataclass(frozen=True, slots=True)
class _Within:
    """Takes a column's (weighted) mean by household from it."""

    unit: NDArray[np.int64]
    weight: FloatArray

    def __call__(self, column: FloatArray) -> FloatArray:
        sums = np.bincount(self.unit, weights=self.weight * column) / np.bincount(self.unit, weights=self.weight)
        return np.asarray(column - sums[self.unit], dtype=np.float64)


def _codes(series: pl.Series) -> NDArray[np.int64]:
    return series.rank("dense").cast(pl.Int64).to_numpy() - 1


def _checked(panel: Panel) -> pl.DataFrame:
    """Return the rows of households seen twice or more, after the checks of their groups."""
    if EXPOSURE not in panel.frame.columns:
        raise DataError(
            "spillover",
            f"the panel has no column {EXPOSURE!r}",
            "each household's place: " + ", ".join(EXPOSURES),
            'name a source of kind "links" in programme.toml, or give covariates=("exposure",)',
        )
    _check_groups(panel.frame)
    rows = panel.frame.filter(pl.len().over("unit") > 1)
    if rows.height == 0:
        raise DesignError(
            "rounds", "no household is seen in two rounds", "households followed over rounds", "survey them again"
        )
    return rows


def _check_groups(rows: pl.DataFrame) -> None:
    odd = rows.filter(~pl.col(EXPOSURE).is_in(EXPOSURES))[EXPOSURE].unique().sort()
    if len(odd):
        raise DataError(
            f"column {EXPOSURE!r}", f"it has other values ({listed(odd)})", ", ".join(EXPOSURES), "correct the column"
        )
    changed = rows.group_by("unit").agg(pl.col(EXPOSURE).n_unique()).filter(pl.col(EXPOSURE) > 1)
    if changed.height:
        raise DataError(
            f"column {EXPOSURE!r}",
            f"it changes within {changed.height} units ({listed(changed['unit'].sort())})",
            "one group a household, fixed before the start",
            "keep the group that was recorded first",
        )
    mixed = rows.filter((pl.col(EXPOSURE) == OUTSIDE) != pl.col("first_treated").is_null())
    if mixed.height:
        raise DataError(
            f"column {EXPOSURE!r}",
            f"{mixed['unit'].n_unique()} units are {OUTSIDE!r} in a pilot village, or have another group in a village "
            f"that never starts (villages {listed(mixed['cluster'].unique().sort())})",
            f"{OUTSIDE!r} for all households of villages that never start, and for no others",
            "correct the column; households of pilot villages that nobody reached are 'unlinked'",
        )
    if not (rows[EXPOSURE] == EXPOSURES[0]).any():
        raise DesignError(
            "spillover", "there is no demonstration household", "households that are reached first", "use did"
        )


def _cells(rows: pl.DataFrame) -> pl.DataFrame:
    """Return exposure, first_treated, time and observed weight of each treated cell, sorted."""
    treated = rows.filter(pl.col("time") >= pl.col("first_treated"))
    if treated.height == 0:
        raise DesignError(
            "spillover", "no household is observed after the start", "a treated round", "check the adoption rounds"
        )
    return treated.group_by(EXPOSURE, "first_treated", "time").agg(pl.col("weight").sum()).sort(pl.all())


def _regressors(rows: pl.DataFrame, cells: pl.DataFrame) -> tuple[list[str], FloatArray]:
    """Return dummies of all rounds but the first, then one for each treated cell."""
    periods = rows["time"].unique().sort()[1:]
    names = [f"round {p}" for p in periods]
    columns = [(rows["time"] == p).to_numpy() for p in periods]
    for group, first, time, _ in cells.iter_rows():
        here = (rows[EXPOSURE] == group) & (rows["first_treated"] == first) & (rows["time"] == time)
        names.append(f"{TERMS[group]} of those who started in {first}, round {time}")
        columns.append(here.fill_null(False).to_numpy())
    return names, np.column_stack(columns).astype(np.float64)


def _contrasts(cells: pl.DataFrame, width: int) -> tuple[tuple[str, ...], FloatArray]:
    """Return the terms and, for each, the shares of its cells among the last columns."""
    weight = cells["weight"].to_numpy()
    groups = [g for g in TERMS if (cells[EXPOSURE] == g).any()]
    parts = [weight, *(np.where((cells[EXPOSURE] == g).to_numpy(), weight, 0.0) for g in groups)]
    rows = [np.concatenate([np.zeros(width - len(weight)), p / p.sum()]) for p in parts]
    terms = ["total", *(TERMS[g] for g in groups)]
    if {"demonstration", "unlinked"} <= set(groups):
        rows.append(rows[terms.index("direct")] - rows[terms.index("unlinked")])
        terms.append(WITHIN)
    return tuple(terms), np.stack(rows)


def _sizes(rows: pl.DataFrame, terms: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """Return the households and villages that each term rests on after the start; of a contrast, all of both groups."""
    treated = rows.filter(pl.col("time") >= pl.col("first_treated"))
    groups = {
        "total": tuple(TERMS),
        WITHIN: ("demonstration", "unlinked"),
        **{term: (group,) for group, term in TERMS.items()},
    }
    parts = [treated.filter(pl.col(EXPOSURE).is_in(groups[term])) for term in terms]
    return {
        "n_treated_units": tuple(p["unit"].n_unique() for p in parts),
        "n_treated_villages": tuple(p["cluster"].n_unique() for p in parts),
    }


def _notes(terms: tuple[str, ...]) -> tuple[str, ...]:
    assumed = "assumed: no effects across villages, links as recorded"
    missing = [group for group, term in TERMS.items() if term not in terms]
    return (assumed, *(f"no {group} households are observed after the start" for group in missing))
