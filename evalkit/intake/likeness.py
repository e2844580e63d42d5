"""Likeness of words, to suggest what one may have meant: a suggestion for a person to enter, never a match."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any
from unicodedata import normalize

SHORT = 60.0
"""The same for names of villages, which have three signs or four: one of three may differ."""
CLOSE = 75.0
"""Percent of likeness (rapidfuzz's ratio) from which a name is suggested."""


def suggestion(header: str, names: Sequence[str], close: float = CLOSE) -> str | None:
    """Return the name most like another, traditional characters read as simplified and wide ones as narrow.

    With the extra `suggest`, likeness is rapidfuzz's and OpenCC knows the characters; without it, difflib's alone.
    """
    plain = {name: _plain(name) for name in names}
    try:
        from rapidfuzz import fuzz, process
    except ImportError:
        near = get_close_matches(_plain(header), plain.values(), n=1, cutoff=close / 100)
        return next((n for n, p in plain.items() if near and p == near[0]), None)
    found = process.extractOne(_plain(header), plain, scorer=fuzz.ratio, score_cutoff=close)
    return None if found is None else str(found[2])


def _plain(text: str) -> str:
    """Return a text in simplified, narrow characters without spaces, in small letters."""
    return "".join(_simplified(normalize("NFKC", text)).lower().split())


def _simplified(text: str) -> str:
    try:
        return str(_converter().convert(text))
    except ImportError:  # the extra is optional: suggestions then know no traditional characters
        return text


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")
