"""How a sound file is damaged: bits, bytes, slices, words of the format; in workbooks also the XML within them."""

from __future__ import annotations

import io
import random
import zipfile

from benchmarks.damaged.seeds import seeds

WORDS = [
    b"\x00", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80", b"\xef\xbb\xbf", b"\xff\xfe", b'"', b'""',
    b"\n", b"\r", b",", b";", b"\t", b"99999999999999999999", b"-1", b"1e999", b"nan", b"\xe5\x90\x88\xe8\xae\xa1",
    b"A1:XFD1048576", b'r="XFD1048576"', b"<f>1+1</f>", b'<c t="e"><v>#N/A</v></c>', b"<!DOCTYPE x>", b"../", b"&#0;",
    b"s" * 3000, b"=", b"SELECT", b"PK\x03\x04",
]  # fmt: skip
MORE_WORDS = [b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b"\xc2\xb2", b"null", b"true", b"[]", b"''' ", b"\\u0000"]
"""Beside `WORDS` for kinds that were added later: a number too long, nesting without end, a superscript two."""
PACKED = ("xlsx", "corrections", "form")
LATER = ("claims", "crosswalk", "corrections", "form", "prices", "truth", "published", "sums", "lock", "moments")


def mutated(kind: str, index: int) -> bytes:
    """Return input `index` of a kind: a seed with one to eight changes."""
    chance = random.Random(f"{kind}-{index}")
    raw = chance.choice(seeds(kind))
    words = WORDS + MORE_WORDS if kind in LATER else WORDS
    if kind.endswith(PACKED) and chance.random() < 0.7:
        return _repacked(raw, chance, words)
    return _changed(raw, chance, words)


def _repacked(raw: bytes, chance: random.Random, words: list[bytes]) -> bytes:
    """Change the parts of a package, not the package."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        named = [n for n in old.namelist() if "docProps" not in n and "theme" not in n]
        hit = chance.choice([n for n in named if "sheet1" in n] if chance.random() < 0.5 else named)
        for name in old.namelist():
            part = old.read(name)
            changed = _changed(part, chance, words) if name == hit else part
            new.writestr(name if chance.random() < 0.99 else "../" + name, changed)
    return out.getvalue()


def _changed(raw: bytes, chance: random.Random, words: list[bytes]) -> bytes:
    data = bytearray(raw)
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        at = chance.randrange(len(data) + 1)
        to = min(len(data), at + chance.choice([1, 2, 4, 16, 200]))
        action = chance.randrange(7)
        if action == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif action == 1:
            data[at:to] = chance.randbytes(to - at)
        elif action == 2:
            del data[at:to]
        elif action == 3:
            data[at:at] = data[at:to] * chance.randint(1, 20)
        elif action == 4:
            data[at:at] = chance.choice(words)
        elif action == 5:
            word = chance.choice(words)
            data[at : at + len(word)] = word
        elif chance.random() < 0.2:
            del data[at:]
    return bytes(data)
