"""docs/programme.md explains every entry that programme.toml may have."""

from __future__ import annotations

import re
from pathlib import Path

from docs.making.entries import page, schema

ELSEWHERE = {"zh", "en"}
"""Languages of a text."""


def entries() -> set[str]:
    found = schema()
    return {name for model in (found, *found["$defs"].values()) for name in model.get("properties", {})} - ELSEWHERE


def test_every_entry_is_explained(root: Path):
    text = (root / "docs" / "programme.md").read_text(encoding="utf-8")
    assert {e for e in entries() if not re.search(rf"\b{e}\b", text)} == set()


def test_the_page_of_entries_lists_them_with_their_words():
    text = page()
    assert {e for e in entries() if f"| `{e}` |" not in text} == set()
    assert "`randomised`, `phased`, `chosen`, `threshold`" in text
    assert "| `cluster` | text | refused |" in text
