"""What a two-way fixed effects coefficient is made of: every comparison of two groups over two spans of rounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import polars as pl

from evalkit.errors import DataError, DesignError, UsageError
from evalkit.estimators.rounds import require_patterns
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.results import FloatArray

Kind = Literal["never", "not_yet", "already", "always"]
KINDS: tuple[Kind, ...] = ("never", "not_yet", "already", "always")
"""What a group is compared with: never treated, not yet treated, treated for some rounds, treated in all rounds."""
PAIRS = {
    "kind": pl.String,
    "treated": pl.Int64,
    "comparison": pl.Int64,
    "weight": pl.Float64,
    "estimate": pl.Float64,
}
GROUPS = {"start": pl.Int64, "n_units": pl.Int64, "n_villages": pl.Int64}


@dataclass(frozen=True, slots=True)
class GoodmanBacon:
    """A coefficient in the outcome's unit, and the comparisons of which it is the weighted mean.

    ``pairs`` has a row for each comparison with a weight: ``kind`` (one of `KINDS`), ``treated`` and ``comparison``
    (the first round in which the group is treated, null = never), ``weight`` (they add to 1) and ``estimate``, in the
    order of `KINDS`. ``groups`` has the sizes by ``start`` (null = never, last). ``n_left_out`` households were not
    seen in every round.
    """

    estimate: float
    pairs: pl.DataFrame
    groups: pl.DataFrame
    n_left_out: int

    def by_kind(self) -> pl.DataFrame:
        """Return ``kind``, ``weight``, ``estimate`` (weighted mean within the kind) and ``part`` (their product)."""
        part = (pl.col("weight") * pl.col("estimate")).sum()
        sums = self.pairs.group_by("kind", maintain_order=True).agg(pl.col("weight").sum(), part.alias("part"))
        return sums.select("kind", "weight", (pl.col("part") / pl.col("weight")).alias("estimate"), "part")


@dataclass(frozen=True, slots=True)
class _Group:
    """Households that start in one round: its place among the rounds (T = never), their share, means by round (T,)."""

    place: int
    start: int | None
    share: float
    mean: FloatArray
    n_units: int
    n_villages: int


def goodman_bacon(
    moments: Moments, outcome: str | None = None, *, sample: Literal["all_rows", "complete"] = "all_rows"
) -> GoodmanBacon:
    """Decompose the coefficient of `did` into comparisons of groups that start in different rounds.

    With T rounds, n_g the (weighted) share of the households that start in round g and D_g the share of rounds in
    which they are treated, a group k that starts before a group l (never treated: D_l = 0) is compared with it until l
    starts with weight n_k n_l (D_k − D_l)(1 − D_k), and l with k from when k has started with weight
    n_k n_l D_l (D_k − D_l), each over the sum of all (Goodman-Bacon 2021, theorem 1). The second comparison takes a
    group that is under the effect already for what would have been without it.

    Parameters
    ----------
    moments : Moments
        With one weight a household, or none.
    outcome : str, optional
        May be left out where the moments hold one outcome.
    sample : str
        ``all_rows``: every household must be seen in every round. ``complete``: those that are, the others counted;
        the coefficient is then theirs.

    Raises
    ------
    DataError
        Some household is not seen in every round (with ``all_rows``), none is, or weights change between its rounds:
        the theorem does not hold then.
    DesignError
        Households are not followed, or no two groups start in different rounds.
    UsageError
        Another sample.
    """
    if sample not in ("all_rows", "complete"):
        raise UsageError("sample", f"{sample!r} is unknown", "all_rows or complete", "give one of these")
    _, cells = moments.of(outcome)
    require_patterns(cells, "goodman_bacon")
    whole = cells.is_whole
    left_out = int(cells.n_units[~whole].sum())
    if not whole.any() or (left_out and sample == "all_rows"):
        raise _unbalanced(left_out, int(cells.n_units.sum()))
    groups = _groups(moments, cells.where(whole))
    rows = [row for one, other in combinations(groups, 2) for row in _compared(one, other)]
    if not rows:
        raise DesignError(
            "goodman_bacon",
            "all households start in one round, or none starts after the first",
            "groups that start in different rounds, or some never treated",
            "check the column of the first treated round",
        )
    pairs = pl.DataFrame(sorted(rows, key=lambda row: KINDS.index(row[0])), schema=PAIRS, orient="row")
    pairs = pairs.with_columns(pl.col("weight") / pl.col("weight").sum())
    sizes = pl.DataFrame([(g.start, g.n_units, g.n_villages) for g in groups], schema=GROUPS, orient="row")
    return GoodmanBacon(float((pairs["weight"] * pairs["estimate"]).sum()), pairs, sizes, left_out)


def _groups(moments: Moments, cells: Cells) -> list[_Group]:
    """Return the groups by first treated round, never last; starts between the same two rounds are one group."""
    periods = np.array(moments.periods)
    place = np.array([len(periods) if g is None else (periods < g).sum() for g in moments.cohorts])[cells.cohort]
    total = cells.sum_w[:, 0].sum()
    found = []
    for at in np.unique(place).tolist():
        own = cells.where(place == at)
        weight = own.sum_w[:, 0].sum()
        sizes = int(own.n_units.sum()), len(np.unique(own.cluster))
        start = int(periods[at]) if at < len(periods) else None
        found.append(_Group(at, start, float(weight / total), own.sum_wy.sum(axis=0) / weight, *sizes))
    return found


def _compared(early: _Group, late: _Group) -> Iterator[tuple[Kind, int | None, int | None, float, float]]:
    """Yield the comparisons that two groups make, with their weights (not yet over the sum of all)."""
    rounds = len(early.mean)
    d_early, d_late = (1 - g.place / rounds for g in (early, late))
    both, gap = early.share * late.share * (d_early - d_late), early.mean - late.mean
    if early.place > 0:
        change = gap[early.place : late.place].mean() - gap[: early.place].mean()
        kind: Kind = "never" if late.start is None else "not_yet"
        yield kind, early.start, late.start, both * (1 - d_early), float(change)
    if late.place < rounds:
        change = gap[early.place : late.place].mean() - gap[late.place :].mean()
        yield "already" if early.place else "always", late.start, early.start, both * d_late, float(change)


def _unbalanced(left_out: int, n_units: int) -> DataError:
    return DataError(
        "goodman_bacon",
        f"{left_out} of {n_units} households are not seen in every round",
        "each household in every round: otherwise the coefficient is no mean of such comparisons",
        "take those that are (sample='complete'), or use twoway_weights, which takes all",
    )
