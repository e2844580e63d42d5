"""Public pages as PDF: in pdf/ beside the findings, each with the hash of its page below every sheet."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from evalkit import __version__
from evalkit.batch import journal
from evalkit.batch.browser import find_browser, print_pdf
from evalkit.batch.manifest import Row, read_rows
from evalkit.batch.store import write_whole
from evalkit.errors import DataError, PlanError
from evalkit.report.page import asset_bytes
from evalkit.report.paper import for_paper
from evalkit.report.wording import LANGUAGES, Language

FOLDER = "pdf"


def write_pdfs(out: Path, lang: Language) -> Iterator[tuple[Path, bool]]:
    """Print the public pages of a findings folder; yield each PDF and whether it was made now.

    One that was printed from the same bytes by the same version stays. Pages that failed are left out, and internal
    ones are never looked at.

    Raises
    ------
    UsageError
        There is no browser, or a run writes to the folder.
    PlanError
        The folder has no public page.
    DataError
        A page is not as the run wrote it, or the browser gave no PDF.
    """
    if not public_pages(read_rows(out).values()):
        raise PlanError(str(out), "no public page in its manifest", "a folder of findings", "evalkit run")
    browser, assets = find_browser(), asset_bytes()
    with journal.alone_in(out), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        pages = public_pages(read_rows(out).values())
        drop_outdated(out, pages)
        for page, digest in pages.items():
            file, mark = pdf_of(out, page, lang), mark_of(digest)
            if _is_marked(file, mark):
                yield file, False
                continue
            html = _as_written(out / page, digest)
            footer = f"evalkit {__version__} · {page}\nsha256 {digest}"
            content = print_pdf(browser, for_paper(html, assets, lang, footer), Path(temporary))
            write_whole(file, content + mark)
            yield file, True


def public_pages(rows: Iterable[Row]) -> dict[str, str]:
    """Return the hashes of the pages that may be handed on, by page."""
    return {
        row["page"]: row["sha256"][row["page"]]
        for row in rows
        if not row["internal"] and row["state"] != "failed" and not row["page"].startswith("internal/")
    }


def drop_outdated(out: Path, pages: Mapping[str, str]) -> None:
    """Remove each PDF that is not of a page as it stands now: a page withdrawn must not stay public on paper."""
    wanted = {pdf_of(out, page, lang): mark_of(digest) for page, digest in pages.items() for lang in LANGUAGES}
    for file in (out / FOLDER).rglob("*.pdf"):
        if file not in wanted or not _is_marked(file, wanted[file]):
            file.unlink()


def pdf_of(out: Path, page: str, lang: Language) -> Path:
    """Return where the PDF of a page is kept."""
    return out / FOLDER / Path(page).with_suffix(f".{lang}.pdf")


def mark_of(digest: str) -> bytes:
    """Return the comment with which a PDF of these bytes, style and version ends."""
    return f"\n% evalkit {__version__} page {digest} assets {_assets_digest()}\n".encode()


@cache
def _assets_digest() -> str:
    return hashlib.sha256(b"".join(asset_bytes().values())).hexdigest()


def _is_marked(file: Path, mark: bytes) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - len(mark)))
        return opened.read() == mark


def _as_written(file: Path, digest: str) -> str:
    """Return a page's text: only what the run has written and checked is printed."""
    content = file.read_bytes() if file.is_file() else b""
    if hashlib.sha256(content).hexdigest() != digest:
        raise DataError(str(file), "it is missing or not as the run wrote it", "the page of the run", "run it again")
    return content.decode("utf-8")
