"""The list of a batch's public pages, made from the manifest's rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from evalkit import __version__
from evalkit.batch.manifest import Row
from evalkit.batch.pages import notebook_name, title_of
from evalkit.batch.places import known_programme
from evalkit.batch.plan import Run
from evalkit.batch.store import write_whole
from evalkit.programme import Programme
from evalkit.report.index import Entry, index_html
from evalkit.report.page import Opening
from evalkit.report.wording import LANGUAGES


def write_index(out: Path, rows: Sequence[Row], folders: Mapping[str, Path], lang: str) -> Path:
    """Write index.html: public pages only, in the order of the rows, but of no programme that is gone."""
    programmes = {row["programme"]: known_programme(row["programme"], folders) for row in rows}
    public = [(row, programmes[row["programme"]]) for row in rows if not row["internal"]]
    entries = [_entry(row, p) for row, p in public if p is not None and _still_planned(row, p)]
    index = out / "index.html"
    write_whole(index, index_html(entries, __version__, cast(Opening, lang)).encode())
    return index


def _still_planned(row: Row, programme: Programme) -> bool:
    """Whether the row's indicator is still in the plan; the page of one that was renamed or taken out is not listed."""
    name = row["parameters"].get("indicator")
    return name is None or name in [plan.name for plan in programme.indicators]


def _entry(row: Row, programme: Programme) -> Entry:
    about, summary = programme.about, row["summary"]
    shown = Run(
        row["id"],
        programme.id,
        programme.folder,
        row["notebook"],
        Path(),
        row["parameters"],
        row["page"],
        False,
        "both",
    )
    title = (
        title_of(shown, programme)
        if "indicator" in row["parameters"]
        else {x: notebook_name(row["notebook"], x) for x in LANGUAGES}
    )
    headline = {x: str(row["error"] or "") for x in LANGUAGES} | summary.get("headline", {})
    domain = programme.indicator(row["parameters"]["indicator"]).domain if "indicator" in row["parameters"] else None
    return Entry(
        row["page"],
        programme.id,
        {"zh": about.name.zh, "en": about.name.en},
        title,
        headline,
        programme.is_simulated,
        "failed" if row["state"] == "failed" else "done",
        summary.get("claim"),
        domain,
        None if (ends := summary.get("interval")) is None else (ends[0], ends[1], ends[2]),
    )
