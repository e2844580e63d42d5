"""Every label that the code asks for by its name is there in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalkit.report.wording import LANGUAGES, WORDS

PLACES = {"label": 0, "say": 2}
"""Methods and functions that take a key, and where among what they are given."""


def keys(code: str) -> Iterator[str]:
    """Yield the keys that are written out in calls of `words.label` and `say`."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        place = PLACES.get(name)
        if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
            yield node.args[place].value


def test_keys_are_read_from_both_ways_to_ask():
    code = 'words.label("a", n=1); say(finding, lang, "b"); words.label(f"{c}_d"); say(finding, lang, e)'
    assert list(keys(code)) == ["a", "b"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_label_is_there(root: Path, lang: str):
    asked = {k for f in (root / "evalkit" / "report").rglob("*.py") for k in keys(f.read_text(encoding="utf-8"))}
    assert len(asked) > 150
    assert asked - set(WORDS[lang].labels) == set()
