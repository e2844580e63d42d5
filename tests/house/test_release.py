"""A release sets every version alike and refuses what is none."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

import evalkit

CHANGES = "# Changes\n\n## Unreleased\n\n- a\n\n## 0.1.0\n\n- b\n"


@pytest.fixture(scope="module")
def release(root: Path) -> dict:
    return runpy.run_path(str(root / ".ci" / "release.py"))


def test_the_version_is_the_same_everywhere(root: Path, release: dict):
    import re

    stated = {n: re.search(p, (root / n).read_text("utf-8")).group(1) for n, p in release["PLACES"].items()}
    assert set(stated.values()) == {evalkit.__version__}


@pytest.mark.parametrize("name", ["pyproject.toml", "evalkit/__init__.py", "CITATION.cff"])
def test_the_version_is_set_and_nothing_else(root: Path, release: dict, name: str):
    text = (root / name).read_text(encoding="utf-8")
    changed = release["with_version"](name, text, "9.8.7", "2031-02-03")
    lines = [new for old, new in zip(text.splitlines(), changed.splitlines(), strict=True) if old != new]
    assert [line for line in lines if "9.8.7" not in line and "2031-02-03" not in line] == []
    assert sum("9.8.7" in line for line in lines) == 1


@pytest.mark.parametrize(
    ("version", "changes", "clean", "why"),
    [
        ("0.2", CHANGES, True, "no version"),
        ("0.1.0", CHANGES, True, "not newer"),
        ("0.0.9", CHANGES, True, "not newer"),
        ("0.2.0", CHANGES, False, "not committed"),
        ("0.2.0", CHANGES.replace("- a\n", ""), True, "nothing under Unreleased"),
    ],
)
def test_what_is_no_release_is_refused(release: dict, version: str, changes: str, clean: bool, why: str):
    with pytest.raises(release["NotReleasedError"], match=why):
        release["check"](version, changes, "0.1.0", is_clean=clean)


def test_a_release_is_newer_by_number_not_by_letters(release: dict):
    release["check"]("0.10.0", CHANGES, "0.9.9", is_clean=True)


def test_changes_are_dated_below_an_open_heading(release: dict):
    dated = release["dated"](CHANGES, "0.2.0", "2031-02-03")
    assert dated == CHANGES.replace("## Unreleased\n", "## Unreleased\n\n## 0.2.0 (2031-02-03)\n")
