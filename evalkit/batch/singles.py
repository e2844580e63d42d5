"""Pages for e-mail: beside the findings, in single/, each public page as one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evalkit.batch.manifest import Row
from evalkit.batch.store import write_if_changed
from evalkit.report.page import asset_bytes
from evalkit.report.single import self_contained

FOLDER = "single"


def write_singles(out: Path, rows: Sequence[Row], wanted: frozenset[str]) -> None:
    """Write the pages of `wanted` as single files, and keep those that are there already in step with their pages."""
    assets = asset_bytes()
    public = {row["page"] for row in rows if not row["internal"] and row["state"] != "failed"}
    there = {str(f.relative_to(out / FOLDER).as_posix()) for f in (out / FOLDER).rglob("*.html")}
    for page in sorted((there | wanted) & public):
        html = (out / page).read_text(encoding="utf-8")
        write_if_changed(out / FOLDER / page, self_contained(html, assets).encode())
    for page in there - public:
        (out / FOLDER / page).unlink()
