"""The browser that prints: Chromium or one of its kind, without a network and with nothing kept between pages."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from evalkit.errors import DataError, UsageError
from evalkit.report.paper import WIDTH

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "msedge")
OFFLINE = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    "--virtual-time-budget=20000",
    f"--window-size={WIDTH},1000",
)
SECONDS = 120.0


def find_browser() -> str:
    """Return the browser's program.

    Raises
    ------
    UsageError
        There is none on the path.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise UsageError(
            "PDF",
            f"none of {', '.join(BROWSERS)} is on the path",
            "a browser that prints",
            "install the package chromium, or print the page from your own browser",
        )
    return found


def print_pdf(browser: str, html: str, folder: Path) -> bytes:
    """Return the PDF of a page given as one file; `folder` is for the browser's temporary files.

    Raises
    ------
    DataError
        The browser gave no PDF.
    """
    page, pdf = folder / "page.html", folder / "page.pdf"
    page.write_text(html, encoding="utf-8")
    pdf.unlink(missing_ok=True)
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    places = [f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={pdf}", page.as_uri()]
    command = [browser, *sandbox, *OFFLINE, *places]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise _not_printed(f"it did not end within {SECONDS:.0f} s") from error
    content = pdf.read_bytes() if pdf.is_file() else b""
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-1024:]:
        raise _not_printed(f"it gave no whole PDF and ended with status {ended.returncode}")
    return content


def _not_printed(found: str) -> DataError:
    return DataError("the browser", found, "a PDF of the page", "try again; or print the page from your own browser")
