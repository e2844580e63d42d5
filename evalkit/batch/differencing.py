"""The public pages of a batch taken together: no count on one of them tells on a count of another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit.programme import Disclosure
from evalkit.report.audit import counts_of, differences

REASON = "A count on this page differs by fewer households than may be shown from one on another page."


def telling_pages(out: Path, rows: Sequence[dict[str, Any]], limits: Disclosure) -> list[str]:
    """Return the pages of one programme to be withheld: those whose counts are not rounded, where any two are near.

    Parameters
    ----------
    rows : sequence of dict
        The manifest's rows of one programme.
    """
    return telling({row["page"]: counts_on(out, row) for row in rows}, limits)


def telling(pages: Mapping[str, Sequence[int]], limits: Disclosure) -> list[str]:
    """Return which of these pages of one programme, with their counts, are to be withheld."""
    if not differences([{"n_units": n} for counts in pages.values() for n in counts], limits):
        return []
    return [page for page, counts in pages.items() if any(n % limits.min_households for n in counts)]


def counts_on(out: Path, row: dict[str, Any]) -> list[int]:
    """Return the counts in the numbers beside a public page; none for an internal one."""
    return [n for value in _numbers(out, row) for n in counts_of(value)]


def _numbers(out: Path, row: dict[str, Any]) -> Iterator[Any]:
    if row["internal"]:
        return
    for name in row["files"]:
        if name.endswith(".json") and (out / name).is_file():
            yield json.loads((out / name).read_text(encoding="utf-8"))
