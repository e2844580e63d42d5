"""What the documents tell people to call or to read is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import evalkit
from docs.making.stage import listed, made, more, sources, unlisted
from evalkit.cli import main

DOCUMENTS = [page.as_posix() for page in sources()]
MADE = set(made()) | {"design_zh.svg", "design_en.svg"}
"""Pages below docs/made/, which only the site has."""


@pytest.fixture(params=DOCUMENTS)
def document(request: pytest.FixtureRequest, root: Path) -> Path:
    return root / str(request.param)


@pytest.fixture
def text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def test_links_lead_somewhere(document: Path, text: str):
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not leads(document.parent / link)] == []


def leads(place: Path) -> bool:
    """Whether a link leads to a file, or to a page that the site makes."""
    _, is_made, page = place.resolve().as_posix().partition("/docs/made/")
    return page in MADE if is_made else place.exists()


def test_every_page_stands_in_a_table_of_contents():
    """By hand or, where nobody did it, on the page of the rest."""
    assert Path("docs/start.md") in listed()
    assert Path("docs/index.md") not in unlisted()
    assert all(page.with_suffix("").as_posix() in more() for page in unlisted())
    assert not set(unlisted()) & listed()


def test_a_link_to_a_page_that_nothing_makes_is_seen(root: Path):
    assert leads(root / "docs" / "made" / "cli.md")
    assert not leads(root / "docs" / "made" / "no_such.md")


def test_make_targets_exist(root: Path, text: str):
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^ {4}|`)make ([a-z-]+)", text, re.MULTILINE))
    assert named - targets == set()


def test_commands_exist(text: str):
    named = set(re.findall(r"(?:^ {4}(?:\.venv/bin/)?|`)evalkit ([a-z-]+)", text, re.MULTILINE))
    assert named - set(main.commands) == set()


def test_scripts_exist(root: Path, text: str):
    named = re.findall(r"(?:python|bash) (\S+\.py|\.ci/run)", text)
    assert [name for name in named if not (root / name).is_file()] == []


def test_recipes_name_files_that_are_there(root: Path):
    """Paths in the tables of CONTRIBUTING.md; NAME and LANG stand for what is added."""
    lines = [line for line in (root / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    named = {p for p in re.findall(r"`([\w.-]+/[\w./-]*)`", "\n".join(lines)) if not re.search(r"NAME|LANG", p)}
    assert len(named) > 30
    assert [path for path in sorted(named) if not (root / path).exists()] == []


def test_readme_names_every_programme_and_says_which_is_real(root: Path):
    named = dict(
        re.findall(r"^\| `(\w+)` \| \*\*(real|simulated)\*\*", (root / "README.md").read_text("utf-8"), re.MULTILINE)
    )
    plans = [evalkit.load(path) for path in sorted((root / "data_raw").glob("*/programme.toml"))]
    assert named == {plan.id: plan.about.provenance for plan in plans}
