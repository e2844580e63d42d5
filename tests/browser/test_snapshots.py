"""The first screen of every kind of page says what it said; a change is seen by a person before it is committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.snapshots import FOLDER, first_screen
from tests.browser.views import PAGES

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize("kind", PAGES)
def test_the_first_screen_is_as_it_was(opened, findings: Path, kind: str) -> None:
    """Where a change is meant: run `python -m tests.browser.snapshots` and read the diff."""
    page = opened(PAGES[kind]).page
    assert first_screen(page, (findings / PAGES[kind]).as_uri()) == (FOLDER / f"{kind}.txt").read_text(encoding="utf-8")


def test_there_is_a_snapshot_of_each_kind_and_no_other() -> None:
    assert {file.stem for file in FOLDER.glob("*.txt")} == set(PAGES)
