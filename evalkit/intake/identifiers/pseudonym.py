"""Pseudonyms by a keyed hash, and coordinates made coarse. The key stands outside the programme and its repository."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from pathlib import Path

from evalkit.errors import PlanError
from evalkit.intake.cells import NARROW, WIDE

KEY, KEY_FILE = "EVALKIT_KEY", "EVALKIT_KEY_FILE"
SHORTEST = 16
SIGNS = 16
"""Hexadecimal signs of a pseudonym: 64 bits; among a million people a chance of 3e-8 that two share one."""
DECIMALS = 2
"""Of a degree: about a kilometre."""
TO_NARROW = str.maketrans(dict(zip(WIDE, NARROW, strict=True)))


def read_key(folder: Path) -> bytes | None:
    """Return the key from $EVALKIT_KEY, or from the file that $EVALKIT_KEY_FILE names; None where neither is set.

    Raises
    ------
    PlanError
        The key is too short, its file is not there, or lies beside the data or in their repository.
    """
    text = os.environ.get(KEY, "")
    named = os.environ.get(KEY_FILE)
    if not text and named:
        path = Path(named).expanduser().resolve()
        if any(path.is_relative_to(root) for root in _guarded(folder)):
            raise PlanError(
                KEY_FILE, "the key lies beside the data", "a file elsewhere", "move it out and name it there"
            )
        if not path.is_file():
            raise PlanError(KEY_FILE, "there is no such file", "a file with the key", "correct the name")
        text = path.read_text(encoding="utf-8")
    key = text.strip().encode()
    if key and len(key) < SHORTEST:
        raise PlanError(
            KEY if os.environ.get(KEY) else KEY_FILE,
            f"the key has {len(key)} bytes",
            f"{SHORTEST} or more",
            'make one: python -c "import secrets; print(secrets.token_hex(32))"',
        )
    return key or None


def key_mark(folder: Path) -> str:
    """Return a short hash of the key, so that what was derived under another key is not used again."""
    key = read_key(folder)
    return "" if key is None else hmac.new(key, b"mark", hashlib.sha256).hexdigest()[:8]


def pseudonym(text: str, kind: str, key: bytes) -> str:
    """Return HMAC-SHA256(key, kind and value) shortened; the same person has one pseudonym in all files of a kind.

    Width, spaces, hyphens and case do not matter: １３８ and 138, 11-x and 11X are the same.
    """
    plain = re.sub(r"[\s-]", "", text.translate(TO_NARROW)).upper()
    return hmac.new(key, f"{kind}\x1f{plain}".encode(), hashlib.sha256).hexdigest()[:SIGNS]


def coarse_text(text: str) -> str:
    """Return a text with every decimal number rounded to `DECIMALS`. Example: 33.96213, 118.27549 → 33.96, 118.28."""
    return re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.{DECIMALS}f}", text)


def _guarded(folder: Path) -> list[Path]:
    """Return the programme's folder and the repository around it, where there is one."""
    home = folder.resolve()
    return [home, *(p for p in home.parents if (p / ".git").exists())]
