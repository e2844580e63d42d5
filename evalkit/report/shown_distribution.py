"""Which bands of an amount may be shown: bands that hold few households of either arm in either round are merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.diagnostics import Distribution
from evalkit.finding import Finding
from evalkit.programme import Disclosure
from evalkit.report.disclosure import Size, share_of, too_small
from evalkit.report.shown import ARMS, shown_cells

ROUNDS = ("before", "after")
FEWEST = 3
Key = tuple[str, str]
"""Arm and round."""


@dataclass(frozen=True, slots=True)
class Band:
    """Bands from `first` to `last` together, their size and weighted share by arm and round.

    The number of villages is the largest of those merged: at least so many have a household in the band.
    """

    first: int
    last: int
    sizes: Mapping[Key, Size]
    shares: Mapping[Key, float]

    @property
    def n_units(self) -> int:
        """Households in both arms and rounds together."""
        return sum(s.n_units for s in self.sizes.values())

    def joined(self, other: Band) -> Band:
        """Return this band and the next one as one."""
        sizes = {
            k: Size(s.n_units + other.sizes[k].n_units, max(s.n_villages or 0, other.sizes[k].n_villages or 0))
            for k, s in self.sizes.items()
        }
        return Band(self.first, other.last, sizes, {k: v + other.shares[k] for k, v in self.shares.items()})

    def may_be_shown(self, limits: Disclosure) -> bool:
        """Whether no cell of it is small; one that holds nobody is shown as empty."""
        return not any(too_small(size, limits) for size in self.sizes.values())


def shown_bands(finding: Finding) -> list[Band]:
    """Return the bands with shares of rounded counts, the lowest first; none where fewer than three remain."""
    found = None if finding.spread is None else finding.spread.distribution
    arms = [a for a in ARMS if finding.cells.row(a).n_units]
    if found is None or "pilot" not in arms or any(c.held for c in shown_cells(finding).values()):
        return []
    limits = finding.programme.disclosure
    bands = merged(_bands(found, arms), limits)
    if len(bands) < FEWEST:
        return []
    totals = {k: sum(b.sizes[k].n_units for b in bands) for k in bands[0].sizes}
    return [
        Band(b.first, b.last, b.sizes, {k: share_of(v, totals[k], limits) for k, v in b.shares.items()}) for b in bands
    ]


def shown_edges(finding: Finding, found: Distribution) -> tuple[list[float], list[Band]]:
    """Return the edges that may be shown, and the bands that they part, with shares of rounded counts; none where one.

    Bands that hold few households of an arm in a round are joined first.
    """
    arms = [a for a in ARMS if finding.cells.row(a).n_units]
    limits = finding.programme.disclosure
    if "pilot" not in arms or any(c.held for c in shown_cells(finding).values()):
        return [], []
    bands = merged(_bands(found, arms), limits)
    totals = {k: sum(b.sizes[k].n_units for b in bands) for k in bands[0].sizes}
    shown = [
        Band(b.first, b.last, b.sizes, {k: share_of(v, totals[k], limits) for k, v in b.shares.items()}) for b in bands
    ]
    return [found.edges[b.last] for b in bands[:-1]], shown if len(shown) > 1 else []


def merged(bands: list[Band], limits: Disclosure) -> list[Band]:
    """Join each band that may not be shown with the smaller of its neighbours, until all may or one is left."""
    out = list(bands)
    while len(out) > 1:
        small = next((i for i, b in enumerate(out) if not b.may_be_shown(limits)), None)
        if small is None:
            return out
        sides = [i for i in (small - 1, small) if 0 <= i < len(out) - 1]
        left = min(sides, key=lambda i: out[i].n_units + out[i + 1].n_units)
        out[left : left + 2] = [out[left].joined(out[left + 1])]
    return out


def _bands(found: Distribution, arms: list[str]) -> list[Band]:
    known = {(r["arm"], r["round"], r["band"]): r for r in found.rows.to_dicts()}
    keys = [(arm, when) for arm in arms for when in ROUNDS]
    empty = {"n_units": 0, "n_villages": 0, "share": 0.0}
    out = []
    for i in range(found.n_bands):
        cells = {k: known.get((*k, i), empty) for k in keys}
        sizes = {k: Size(c["n_units"], c["n_villages"]) for k, c in cells.items()}
        out.append(Band(i, i, sizes, {k: c["share"] for k, c in cells.items()}))
    return out
