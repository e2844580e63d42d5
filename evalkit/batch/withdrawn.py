"""Withdrawing: pages that may not stay beside those of this run: what tells on another, what is internal by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from evalkit.batch import journal
from evalkit.batch.differencing import REASON, telling_pages
from evalkit.batch.execute import record_failure
from evalkit.batch.manifest import Row, remove_stale, row_of
from evalkit.batch.places import known_programme
from evalkit.batch.plan import Plan
from evalkit.programme import Programme, load


def withhold_telling(plan: Plan, out: Path, rows: dict[str, Row], kept: Sequence[Row]) -> list[Row]:
    """Put a page that says why in place of each whose counts tell on another page's.

    Pages of the same programme that an earlier run has made are compared as well; of these, the ones that tell are
    removed. Return the others.
    """
    runs = {run.page: run for run in plan.runs}
    gone: set[str] = set()
    for folder, programme in {(run.folder, run.programme) for run in plan.runs}:
        mine = [row for page, row in rows.items() if runs[page].folder == folder]
        mine += [row for row in kept if row["programme"] == programme]
        for page in telling_pages(out, mine, load(folder).disclosure):
            old = next(row for row in mine if row["page"] == page)
            if page in runs:
                rows[page] = row_of(runs[page], record_failure(runs[page], out, REASON))
                journal.enter(out, [rows[page]])
            else:
                gone.add(page)
                journal.remove(out, [page])
            remove_stale(out, {page: old}, [rows[page]] if page in runs else [])
    return [row for row in kept if row["page"] not in gone]


def withdraw(plan: Plan, out: Path, kept: Sequence[Row]) -> list[Row]:
    """Remove public pages of earlier runs that would not be public, or show less, if they were made now.

    So a page does not outlive the plan's change to `audience = "internal"` or to a higher threshold only because the
    run was asked for another indicator. Return the rows that stay.
    """
    folders = {run.programme: run.folder for run in plan.runs}
    names = {row["programme"] for row in kept}
    programmes = {name: known_programme(name, folders) for name in names}
    elsewhere = {_what(run.programme, run.notebook, run.parameters) for run in plan.runs if run.internal}
    stays = [row for row in kept if _may_stay(row, programmes[row["programme"]]) and not _now_in(elsewhere, row)]
    gone = {row["page"]: row for row in kept if row not in stays}
    journal.remove(out, gone)
    remove_stale(out, gone, stays)
    return stays


def _may_stay(row: Row, programme: Programme | None) -> bool:
    """Whether a page is internal, or public by the limits that its programme states today."""
    if row["internal"] or programme is None:
        return True
    limits, made = programme.disclosure, row.get("limits") or (0, 0)
    return limits.audience == "public" and made[0] >= limits.min_households and made[1] >= limits.min_villages


def _now_in(elsewhere: set[tuple[object, ...]], row: Row) -> bool:
    """Whether a public page is one that this plan makes an internal one."""
    return not row["internal"] and _what(row["programme"], row["notebook"], row["parameters"]) in elsewhere


def _what(programme: str, notebook: str, parameters: Mapping[str, object]) -> tuple[object, ...]:
    return programme, notebook, *sorted(parameters.items())
