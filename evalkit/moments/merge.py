"""Merging: moments of disjoint households add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.design import AssignedTo
from evalkit.errors import DataError, listed
from evalkit.moments.cells import CELL_FIELDS, Blocks, Cells
from evalkit.moments.senders import are_marked, called, refuse_common_households
from evalkit.moments.value import Moments
from evalkit.results import FloatArray

KEYS = CELL_FIELDS[:3]
WIDE = CELL_FIELDS[5:]


def merged(moments: Sequence[Moments], *, households_are_disjoint: bool = False) -> Moments:
    """Add moments whose households are disjoint, in the order of their part ids.

    Parameters
    ----------
    households_are_disjoint : bool
        A village may stand in several of the moments only where the caller, who split the rows by household,
        says so here; a household cut in two cannot be seen in the sums.

    Raises
    ------
    DataError
        The same part is given twice, a village stands in two of them, or designs, outcomes or strata differ.
    """
    parts = sorted((p for m in moments for p in m.parts), key=lambda p: p.id)
    _refuse_doubles([p.id for p in parts])
    refuse_common_households(parts)
    ordered = sorted(moments, key=lambda m: min(p.id for p in m.parts))
    first = ordered[0]
    for other in ordered[1:]:
        _refuse_differences(first, other)
    if not households_are_disjoint:
        _refuse_shared_villages(ordered)
    grid = _grid(ordered)
    cells = {name: _add([_on_grid(m, m.cells[name], grid) for m in ordered]) for name in first.outcomes}
    assigned: AssignedTo = "unit" if any(m.assigned_to == "unit" for m in ordered) else "cluster"
    return replace(grid, assigned_to=assigned, cells=cells, parts=tuple(parts))


def _refuse_doubles(ids: Sequence[str]) -> None:
    doubled = sorted({i for i in ids if ids.count(i) > 1})
    if doubled:
        raise DataError(
            "merge", f"part {listed(doubled)} is given more than once", "each part once", "leave the copies out"
        )


def _refuse_differences(a: Moments, b: Moments) -> None:
    if a.outcomes != b.outcomes:
        raise DataError(
            "merge",
            f"outcomes differ: {listed(a.outcomes)} and {listed(b.outcomes)}",
            "the same outcomes in the same order",
            "make the moments again from one list of outcomes",
        )
    mine, theirs = (replace(m.design, assigned_to=None) for m in (a, b))
    if mine != theirs:
        raise DataError(
            "merge", f"designs differ: {mine} and {theirs}", "one design", "make the moments again with one design"
        )


def _refuse_shared_villages(moments: Sequence[Moments]) -> None:
    """Refuse a village of several parts, unless marks have shown that the parts have no household in common."""
    if len(moments) > 1 and all(are_marked(m.parts) for m in moments):
        return
    seen: dict[str, Moments] = {}
    for m in moments:
        shared = sorted(seen.keys() & set(m.clusters))
        if shared:
            raise DataError(
                "merge",
                f"{len(shared)} villages stand in more than one part ({listed(shared)}): "
                f"{called(seen[shared[0]].parts)} and {called(m.parts)}",
                "each village in one part",
                "let one office make a village's moments, or let both share with one key, so that their households can "
                "be told apart",
            )
        seen |= dict.fromkeys(m.clusters, m)


def _grid(moments: Sequence[Moments]) -> Moments:
    """Return moments with the union of villages, rounds and cohorts (its cells are those of the first)."""
    strata: dict[str, str] = {}
    for m in moments:
        for name, stratum in zip(m.clusters, m.strata or (), strict=False):
            if strata.setdefault(name, stratum) != stratum:
                raise DataError(
                    "merge", f"village {name!r} has two strata", "one stratum a village", "correct the roster"
                )
    clusters = tuple(sorted({c for m in moments for c in m.clusters}))
    dates = sorted({c for m in moments for c in m.cohorts if c is not None})
    return replace(
        moments[0],
        clusters=clusters,
        strata=tuple(strata[c] for c in clusters) if moments[0].strata else None,
        periods=tuple(sorted({p for m in moments for p in m.periods})),
        cohorts=(*dates, None),
    )


def _on_grid(m: Moments, cells: Cells, grid: Moments) -> Cells:
    """Renumber the keys of cells for the grid, and move patterns and sums to its periods."""
    cluster = np.array([grid.clusters.index(c) for c in m.clusters], dtype=np.int64)
    cohort = np.array([grid.cohorts.index(c) for c in m.cohorts], dtype=np.int64)
    column = np.array([grid.periods.index(p) for p in m.periods], dtype=np.int64)
    pattern = (cells.attended.astype(np.uint64) << column.astype(np.uint64)).sum(axis=1, dtype=np.uint64)
    n = len(grid.periods)
    sums = {name: _spread(getattr(cells, name), column, n) for name in WIDE}
    keys = {"cluster": cluster[cells.cluster], "cohort": cohort[cells.cohort], "pattern": pattern}
    blocks = cells.blocks
    if blocks is not None:
        a = np.zeros((len(blocks.a), n, n))
        a[:, column[:, None], column] = blocks.a
        blocks = Blocks(cluster[blocks.cluster], cohort[blocks.cohort], a, _spread(blocks.b, column, n))
    values: dict[str, Any] = {**keys, **sums}
    at = cells.n_by_period
    if at is not None:
        at = _spread(at.astype(np.float64), column, n).astype(np.int64)
    return replace(cells, **values, blocks=blocks, n_by_period=at)


def _spread(values: FloatArray, column: NDArray[np.int64], n: int) -> FloatArray:
    out = np.zeros((len(values), n))
    out[:, column] = values
    return out


def _add(cells: Sequence[Cells]) -> Cells:
    """Add cells with equal keys, in the order given."""
    if len({c.n_by_period is None for c in cells}) > 1:
        raise DataError(
            "merge",
            "some parts were folded for sharing and others were not",
            "all of one kind",
            "share the others too (evalkit moments --share)",
        )
    if len({c.blocks is None for c in cells}) > 1:
        raise DataError(
            "merge",
            "weights change by round in some parts and not in others",
            "one weight definition",
            "make the moments again with the same weights",
        )
    if cells[0].n_by_period is not None:
        return _add_folded(cells)
    joined = {k: np.concatenate([getattr(c, k) for c in cells]) for k in CELL_FIELDS}
    order, starts = _grouped(joined, KEYS)
    added = {k: v[order][starts] if k in KEYS else np.add.reduceat(v[order], starts) for k, v in joined.items()}
    return replace(cells[0], **added, blocks=_add_blocks([c.blocks for c in cells if c.blocks]))


def _add_folded(cells: Sequence[Cells]) -> Cells:
    """Add rows by (village, cohort); their pattern is the union of rounds."""
    names = (*CELL_FIELDS, "n_by_period")
    joined = {k: np.concatenate([getattr(c, k) for c in cells]) for k in names}
    order, starts = _grouped(joined, KEYS[:2])
    how = dict.fromkeys(KEYS[:2], np.maximum) | {"pattern": np.bitwise_or}
    added: dict[str, Any] = {k: how.get(k, np.add).reduceat(v[order], starts) for k, v in joined.items()}
    return replace(cells[0], **added, blocks=_add_blocks([c.blocks for c in cells if c.blocks]))


def _grouped(joined: dict[str, Any], keys: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order by keys, and where each distinct key begins in it."""
    order = np.lexsort([joined[k] for k in reversed(keys)])
    same = np.all([joined[k][order][1:] == joined[k][order][:-1] for k in keys], axis=0)
    return order, np.flatnonzero(np.concatenate([[True], ~same]))


def _add_blocks(blocks: Sequence[Blocks]) -> Blocks | None:
    if not blocks:
        return None
    cluster, cohort = (np.concatenate([getattr(b, k) for b in blocks]) for k in ("cluster", "cohort"))
    order = np.lexsort([cohort, cluster])
    same = (np.diff(cluster[order]) == 0) & (np.diff(cohort[order]) == 0)
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    a, b = (np.add.reduceat(np.concatenate([getattr(x, k) for x in blocks])[order], starts) for k in ("a", "b"))
    return Blocks(cluster[order][starts], cohort[order][starts], a, b)
