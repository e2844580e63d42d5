"""evalkit doctor: what this machine has, what is missing, and what that costs."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

LIBRARIES = ("evalkit", "polars", "numpy", "scipy", "statsmodels", "plotly", "papermill", "nbconvert")
OPTIONAL = {"jupyterlab": "make lab opens notebooks", "xlsxwriter": "simulated programmes can be written anew"}
ENOUGH_MEMORY_GB = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``cost`` says what does not work without it."""

    what: str
    found: str
    is_fine: bool
    cost: str = ""


@click.command()
def doctor() -> None:
    """Say what this machine has, what is missing, and what that costs. Exit 1 where evalkit cannot work."""
    from evalkit.errors import DataError

    findings = list(examine())
    for f in findings:
        cost = "" if f.is_fine else f". Without it: {f.cost}"
        click.echo(f"{'ok     ' if f.is_fine else 'missing'} {f.what}: {f.found}{cost}")
    broken = [f.what for f in findings if not f.is_fine and f.cost.startswith("nothing")]
    if broken:
        raise DataError("doctor", f"{', '.join(broken)} missing", "these", "run make setup again")


def examine() -> Iterator[Finding]:
    """Look at versions, browser, fonts, memory and folders."""
    fine = sys.version_info >= (3, 11)
    yield Finding("Python", platform.python_version(), fine, "nothing works; 3.11 or newer is needed")
    yield from (_library(name, "nothing works") for name in LIBRARIES)
    yield from (_library(name, f"it is optional: {use}") for name, use in OPTIONAL.items())
    from evalkit.batch.browser import BROWSERS

    browser = next((b for b in BROWSERS if shutil.which(b)), None)
    yield Finding(
        "browser",
        browser or "none on the path",
        browser is not None,
        "no evalkit pdf, and make test does not try pages in a real browser; they can still be read",
    )
    yield _fonts()
    yield from _memory()
    yield from (_folder(Path(name)) for name in ("findings", ".cache"))


def _library(name: str, cost: str) -> Finding:
    try:
        return Finding(name, version(name), True)
    except PackageNotFoundError:
        return Finding(name, "not installed", False, cost)


def _fonts() -> Finding:
    """Look for a Chinese font where systems keep them; where there is no such folder it cannot be known."""
    folders = [
        Path("/usr/share/fonts"),
        Path.home() / ".fonts",
        Path("/System/Library/Fonts"),
        Path("C:/Windows/Fonts"),
    ]
    marks = ("cjk", "noto sans sc", "wqy", "simsun", "msyh", "pingfang", "songti", "heiti")
    names = [
        f.name
        for folder in folders
        if folder.is_dir()
        for f in folder.rglob("*")
        if any(m in f.name.lower() for m in marks)
    ]
    return Finding(
        "Chinese font",
        sorted(names)[0] if names else "none found",
        bool(names),
        "Chinese text in screenshots and PDF shows boxes",
    )


def _memory() -> Iterator[Finding]:
    if hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
        yield Finding(
            "free memory",
            f"{free:.1f} GB",
            free >= ENOUGH_MEMORY_GB,
            f"fewer notebooks at once; use --workers 1 below {ENOUGH_MEMORY_GB:.0f} GB",
        )


def _folder(path: Path) -> Finding:
    parent = path if path.exists() else path.resolve().parent
    return Finding(
        f"folder {path}",
        "writable" if os.access(parent, os.W_OK) else "not writable",
        os.access(parent, os.W_OK),
        "pages cannot be written there; use --out",
    )
