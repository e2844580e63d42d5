"""Merging findings folders: parts of a plan that ran on several machines become one folder, checked and complete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.batch import journal
from evalkit.batch.collected import write_collected
from evalkit.batch.differencing import counts_on, telling
from evalkit.batch.listing import write_index
from evalkit.batch.manifest import NAME, Row, read_rows, remove_stale, write_manifest
from evalkit.batch.pdf import drop_outdated, public_pages
from evalkit.batch.places import find_programme
from evalkit.batch.run import told_plainly
from evalkit.batch.singles import write_singles
from evalkit.batch.store import sweep, write_if_changed, write_whole
from evalkit.errors import DataError, PlanError, UsageError, listed
from evalkit.report.page import asset_bytes


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge gave: number of runs by state, and the list of pages."""

    done: int
    failed: int
    index: Path


@dataclass(frozen=True, slots=True)
class _Part:
    folder: Path
    manifest: Mapping[str, Any]


def merge_findings(folders: Sequence[Path], out: Path) -> Merged:
    """Merge findings folders into one.

    Raises
    ------
    UsageError
        The merged folder is one of the parts.
    PlanError
        A part is missing or was made by other versions; a page stands in two parts, made of different inputs.
    DataError
        A file of a part is missing or not as it was written.
    """
    parts = [_part(folder) for folder in folders]
    if out.resolve() in {part.folder.resolve() for part in parts}:
        raise UsageError("--out", f"{out} is one of the parts", "a folder of its own", "name another")
    _require_same_versions(parts)
    _require_all_shards(parts)
    sources = _sources(parts)
    rows = [row for row, _ in sources.values()]
    programmes = {row["programme"]: find_programme(row["programme"]).folder for row in rows}
    _refuse_telling(sources)
    with told_plainly(), journal.alone_in(out):
        sweep(out)
        old = journal.read(out)
        for row, folder in sources.values():
            _copy(row, folder, out)
        journal.enter(out, rows)
        remove_stale(out, old, rows)
        journal.remove(out, old.keys() - sources.keys())
        for name, content in asset_bytes().items():
            write_if_changed(out / "assets" / name, content)
        lang = str(parts[0].manifest.get("lang", "both"))
        write_manifest(out, rows, lang)
        write_collected(out, rows)
        write_singles(out, rows, frozenset())
        drop_outdated(out, public_pages(rows))
        index = write_index(out, rows, programmes, lang)
    failed = sum(row["state"] == "failed" for row in rows)
    return Merged(len(rows) - failed, failed, index)


def _refuse_telling(sources: Mapping[str, tuple[Row, Path]]) -> None:
    """Refuse parts whose public pages are safe each alone, but not together."""
    names = {row["programme"] for row, _ in sources.values()}
    pages = []
    for name in sorted(names):
        counts = {p: counts_on(folder, row) for p, (row, folder) in sources.items() if row["programme"] == name}
        pages += telling(counts, find_programme(name).disclosure)
    if pages:
        raise DataError(
            "merge-findings",
            f"counts on these pages tell on counts of other pages: {listed(pages)}",
            "public pages that give no small cell away together",
            "run these programmes in one run, which withholds such pages",
        )


def _part(folder: Path) -> _Part:
    try:
        manifest = json.loads((folder / NAME).read_text(encoding="utf-8"))
        _ = manifest["runs"], manifest["versions"]
    except (OSError, ValueError, KeyError) as error:
        raise PlanError(
            str(folder),
            f"it has no manifest that can be read ({error})",
            f"a findings folder with {NAME}",
            "run it again",
        ) from error
    return _Part(folder, manifest)


def _require_same_versions(parts: Sequence[_Part]) -> None:
    first = parts[0].manifest["versions"]
    for part in parts[1:]:
        other = part.manifest["versions"]
        names = [
            f"{n} {first.get(n)} and {other.get(n)}" for n in sorted({*first, *other}) if first.get(n) != other.get(n)
        ]
        if names:
            raise PlanError(
                f"{parts[0].folder} and {part.folder}",
                f"they were made by different versions: {listed(names)}",
                "the same lock on every machine",
                "install the same versions and run the part again",
            )


def _require_all_shards(parts: Sequence[_Part]) -> None:
    shards = [tuple(part.manifest["shard"]) for part in parts if "shard" in part.manifest]
    for of in sorted({of for _, of in shards}):
        missing = sorted(set(range(1, of + 1)) - {number for number, n in shards if n == of})
        if missing:
            raise PlanError(
                "parts",
                f"of {of} parts these are missing: {listed(f'{number}/{of}' for number in missing)}",
                "all parts of the plan",
                "run them with --shard, and merge again",
            )


def _sources(parts: Sequence[_Part]) -> dict[str, tuple[Row, Path]]:
    """Return each page's row and the folder it comes from, in the order of the whole plan."""
    found: dict[str, tuple[Row, Path]] = {}
    twice: list[str] = []
    for row, folder in _in_order(parts):
        known, other = found.setdefault(row["page"], (row, folder))
        if known["id"] != row["id"]:
            twice.append(f"{row['page']} in {other.name}/ and {folder.name}/")
        elif known["state"] == "failed":
            found[row["page"]] = (row, folder)
    if twice:
        raise PlanError(
            "parts",
            f"{len(twice)} pages were made of different inputs or by different code: {listed(twice)}",
            "one origin for each page",
            "leave the outdated folder out, or run it again",
        )
    return found


def _in_order(parts: Sequence[_Part]) -> list[tuple[Row, Path]]:
    """Return all rows with their folders; row k of part i of n is the plan's row (k − 1)n + i."""
    placed = []
    for part in parts:
        number, of = part.manifest.get("shard", (1, 1))
        for place, row in enumerate(read_rows(part.folder).values()):
            state = "failed" if row["state"] == "failed" else "done"
            placed.append((place * of + number, row | {"state": state}, part.folder))
    return [(row, folder) for _, row, folder in sorted(placed, key=lambda x: x[0])]


def _copy(row: Row, folder: Path, out: Path) -> None:
    for name, digest in row["sha256"].items():
        file = folder / name
        content = file.read_bytes() if file.is_file() else b""
        if hashlib.sha256(content).hexdigest() != digest:
            raise DataError(
                str(file), "it is missing or not as it was written", "the file of the run", "run this part again"
            )
        write_whole(out / name, content)
