"""Where the header of a raw table stands: found by the codebook's own headers, so nothing is guessed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

DEPTH = 30
"""A header is looked for in this many lines; offices put titles, notes and units above it."""
Line = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Header:
    """Names of the columns, and the line (from 0) on which the rows below them begin."""

    names: tuple[str, ...]
    first_row: int


def find_header(lines: Sequence[Line], wanted: Collection[str], also: Mapping[str, str] | None = None) -> Header:
    """Return the first line, or pair of lines, that has every wanted header; else the first below titles.

    A header of two lines (groups with merged cells above, columns below) is named ``group/column``; a column without
    a group, or a group without columns, has the one name. Headers of ``also`` count as the ones that they stand for.
    """
    needed = set(wanted)
    for i, line in enumerate(lines[:DEPTH]):
        single = renamed(_trimmed(line), also or {})
        if needed and needed <= set(single):
            return Header(_named(single), i + 1)
        double = renamed(_joined(single, _trimmed(lines[i + 1])), also or {}) if i + 1 < len(lines) else single
        if needed and needed <= set(double):
            return Header(_named(double), i + 2)
    if not lines:
        return Header((), 1)
    first = _below_titles(lines[:DEPTH])
    return Header(_named(_trimmed(lines[first])), first + 1)


def _below_titles(lines: Sequence[Line]) -> int:
    """Return the first line with more than half as many filled cells as the fullest: titles and notes have few."""
    filled = [sum(bool(cell) for cell in _trimmed(line)) for line in lines]
    return next((i for i, n in enumerate(filled) if 2 * n > max(filled)), 0)


def renamed(names: Sequence[str], also: Mapping[str, str]) -> list[str]:
    """Return names with other headers replaced by the codebook's own, where the file does not have that one too."""
    return [also[n] if n in also and also[n] not in names else n for n in names]


def _trimmed(line: Line) -> list[str]:
    return [(cell or "").strip() for cell in line]


def _joined(groups: Sequence[str], columns: Sequence[str]) -> list[str]:
    names, group = [], ""
    for upper, lower in zip(groups, columns, strict=False):
        group = upper or (group if lower else "")
        names.append(f"{group}/{lower}" if group and lower else group or lower)
    return names


def _named(names: Sequence[str]) -> tuple[str, ...]:
    """Give columns without a name, and second ones of a name, names of their own: they cannot be mapped by accident."""
    seen: dict[str, int] = {}
    out = []
    for place, name in enumerate(names, 1):
        base = name or f"(column {place})"
        seen[base] = seen.get(base, 0) + 1
        out.append(base if seen[base] == 1 else f"{base} ({seen[base]})")
    return tuple(out)
