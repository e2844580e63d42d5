"""The sources of the site in one folder: documents as they stand in the project, reference pages made from the code."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOT_PAGE = "docs/index"
PAGES = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md")
TOC = re.compile(r"^```\{toctree\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def sources() -> list[Path]:
    """Return every hand-written page, relative to the project."""
    found = sorted(p.relative_to(ROOT) for p in (ROOT / "docs").rglob("*.md"))
    return [*map(Path, PAGES), *found]


def made() -> dict[str, Callable[[], str]]:
    """Return what makes each generated page, by its place below docs/made/."""
    from docs.making import entries, interface, methods, notebooks

    pages: dict[str, Callable[[], str]] = {
        "more.md": more,
        "cli.md": interface.commands,
        "python.md": interface.python,
        "json.md": interface.files,
        "entries.md": entries.page,
        "notebooks.md": notebooks.page,
        "methods/index.md": methods.index,
    }
    return pages | {f"methods/{name}.md": methods.page_of(name) for name in methods.read()}


def listed() -> set[Path]:
    """Return the pages that stand in a table of contents, as they are named in the project."""
    found = set()
    for page in sources():
        for block in TOC.findall((ROOT / page).read_text(encoding="utf-8")):
            names = [line.strip() for line in block.splitlines() if line.strip() and not line.startswith(":")]
            found |= {Path(os.path.normpath(page.parent / f"{name}.md")) for name in names}
    return found


def unlisted() -> list[Path]:
    """Return the pages that are there, or linked to, and that no table of contents names."""
    pages = {*sources(), *(file for page in sources() for file in linked(page) if file.suffix == ".md")}
    return sorted(pages - listed() - {Path(f"{ROOT_PAGE}.md")})


def more() -> str:
    """Return the page under which such pages stand, so that a reader finds them."""
    names = [f"../../{page.with_suffix('').as_posix()}" for page in unlisted()]
    return "\n".join(
        ["# More pages", "", "Results and pages that the other parts link to.", "", "```{toctree}", *names, "```", ""]
    )


def linked(page: Path) -> set[Path]:
    """Return the files of the project that a page links to, pictures too."""
    links = LINK.findall((ROOT / page).read_text(encoding="utf-8"))
    places = [(ROOT / page.parent / link).resolve() for link in links if "://" not in link]
    return {p.relative_to(ROOT) for p in places if p.is_file() and p.is_relative_to(ROOT)}


def stage(folder: Path) -> Path:
    """Write all sources anew into a folder laid out as the project is, so that links between pages hold."""
    from docs.making.chart import svg

    shutil.rmtree(folder, ignore_errors=True)
    for page in sources():
        for file in {page, *linked(page)}:
            _copy(file, folder)
    for name, make in made().items():
        file = folder / "docs" / "made" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(make(), encoding="utf-8")
    for lang in ("zh", "en"):
        (folder / "docs" / "made" / f"design_{lang}.svg").write_text(svg(lang), encoding="utf-8")
    return folder


def _copy(file: Path, folder: Path) -> None:
    target = folder / file
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / file, target)
