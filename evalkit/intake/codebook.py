"""The codebook: which raw header is which canonical column, in which unit and rounds."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.errors import DataError, PlanError, listed, nearest
from evalkit.intake.encoding import read_text
from evalkit.intake.months import round_number
from evalkit.intake.sound import soundly

COLUMNS = (
    "raw_header", "name", "kind", "unit", "factor", "round", "recall", "price_basis", "min", "max", "missing_codes",
    "identifier", "label_zh", "label_en", "source", "note", "also",
)  # fmt: skip
KINDS = ("id", "text", "category", "integer", "number", "flag", "date", "month")
NUMBERS = ("integer", "number", "flag")
CODE_KINDS = ("missing", "dont_know", "refused")
CODE_WORDS = {"不知道": "dont_know", "不清楚": "dont_know", "拒答": "refused", "拒绝回答": "refused"}
"""Missing codes whose kind need not be stated."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a codebook.

    ``code_kinds`` says of each missing code whether it is `missing`, `dont_know` or `refused` (``-98=refused``).
    ``factor`` turns the raw unit into the canonical one; rounds None = all; ``source`` = "" is for every kind of file;
    ``also`` are other headers of the same column, such as traditional characters.
    """

    raw_header: str
    name: str
    kind: str
    unit: str
    factor: float
    first_round: int | None
    last_round: int | None
    low: float | None
    high: float | None
    missing_codes: tuple[str, ...]
    identifier: str
    label_zh: str
    label_en: str
    source: str
    code_kinds: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def codes(self, kind: str) -> tuple[str, ...]:
        """Return the missing codes of one kind."""
        return tuple(c for c, k in zip(self.missing_codes, self.code_kinds, strict=True) if k == kind)

    def applies_to(self, round_: int | None) -> bool:
        """Whether the entry is meant for a round."""
        if round_ is None:
            return True
        return (self.first_round is None or round_ >= self.first_round) and (
            self.last_round is None or round_ <= self.last_round
        )


def read_codebook(path: Path) -> tuple[Entry, ...]:
    """Read a codebook; every mistake in it is told at once."""
    text, _ = read_text(path)
    with soundly(path, "a codebook", "correct it"):
        table = pl.read_csv(io.BytesIO(text.encode()), infer_schema=False).fill_null("")
    missing = [c for c in ("raw_header", "name", "kind") if c not in table.columns]
    if missing:
        raise PlanError(
            str(path), f"the columns {listed(missing)} are missing", f"the columns {', '.join(COLUMNS)}", "add them"
        )
    extra = [c for c in table.columns if c not in COLUMNS]
    if extra:
        raise PlanError(
            str(path),
            f"the column {extra[0]!r} is not known ({nearest(extra[0], COLUMNS)})",
            f"the columns {', '.join(COLUMNS)}",
            "correct the header",
        )
    entries, mistakes = [], []
    for line, row in enumerate(table.to_dicts(), 2):
        try:
            entries.append(_entry({c: str(row.get(c, "")).strip() for c in COLUMNS}))
        except ValueError as error:
            mistakes.append(f"line {line}: {error}")
    if mistakes:
        raise PlanError(
            str(path), "; ".join(mistakes), "a codebook as docs/programme.md describes", "correct these lines"
        )
    return tuple(entries)


def other_headers(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the codebook's header for each other header that it states."""
    return {other: e.raw_header for e in entries for other in e.also}


def entries_for(entries: tuple[Entry, ...], round_: int | None, headers: list[str], place: str) -> list[Entry]:
    """Return the entries of one file; refuse a file that lacks a header, naming the nearest, and a name given twice."""
    meant = [e for e in entries if e.applies_to(round_)]
    _require_own_names(meant, place)
    for entry in meant:
        if entry.raw_header not in headers:
            free = [h for h in headers if h not in {e.raw_header for e in meant}]
            raise DataError(
                place,
                f"there is no column {entry.raw_header!r} ({nearest(entry.raw_header, free or headers)})",
                f"the column for {entry.name}",
                "correct raw_header or round in the codebook, or enter the file's header under also",
            )
    return meant


def _require_own_names(entries: Sequence[Entry], place: str) -> None:
    """Refuse two headers of one file that are to be the same column."""
    first: dict[str, str] = {}
    for entry in entries:
        other = first.setdefault(entry.name, entry.raw_header)
        if other != entry.raw_header:
            raise PlanError(
                f"codebook, {place}",
                f"{other!r} and {entry.raw_header!r} are both to be {entry.name}",
                "a name of its own for each header of a file",
                "give one of them another name, or say by round in which files it stands",
            )


def there(entries: tuple[Entry, ...], key: Sequence[str], headers: Sequence[str]) -> tuple[Entry, ...]:
    """Return the entries whose headers a file has, and those of its key; a second visit asks some questions only."""
    return tuple(e for e in entries if e.raw_header in headers or e.name in key)


def _entry(row: dict[str, str]) -> Entry:
    if row["kind"] not in KINDS:
        raise ValueError(f"kind {row['kind']!r} ({nearest(row['kind'], KINDS)})")
    if not row["name"].isidentifier() or not row["name"].islower():
        raise ValueError(f"name {row['name']!r} is not in small letters, digits and _")
    first, last = _rounds(row["round"])
    codes = [_code(c.strip()) for c in row["missing_codes"].split(";") if c.strip()]
    factor = 1.0 if row["factor"] == "" else _number(row["factor"], "factor")
    action = row["identifier"].partition(":")[2].strip()
    if action not in ("", "hash", "coarsen", "drop", "keep"):
        raise ValueError(f"identifier {row['identifier']!r}: an action is hash, coarsen, drop or keep")
    low, high = (None if row[c] == "" else _number(row[c], c) for c in ("min", "max"))
    return Entry(
        row["raw_header"],
        row["name"],
        row["kind"],
        row["unit"],
        factor,
        first,
        last,
        low,
        high,
        tuple(c for c, _ in codes),
        row["identifier"],
        row["label_zh"],
        row["label_en"],
        row["source"],
        tuple(k for _, k in codes),
        tuple(h.strip() for h in row["also"].split(";") if h.strip()),
    )


def _code(text: str) -> tuple[str, str]:
    """Read a missing code and its kind: -98=refused, 不知道, -99."""
    code, is_stated, kind = (part.strip() for part in text.partition("="))
    found = kind if is_stated else CODE_WORDS.get(code, "missing")
    if found not in CODE_KINDS:
        raise ValueError(f"missing code {text!r}: {found!r} is no kind ({nearest(found, CODE_KINDS)})")
    return code, found


def _rounds(text: str) -> tuple[int | None, int | None]:
    """Read 2012-2014, 2015-, -2014 or 2015; where rounds are months, 201603-201712."""
    if not text:
        return None, None
    first, dash, last = text.partition("-")
    try:
        low, high = (round_number(p) if p else None for p in (first, last))
    except ValueError as error:
        raise ValueError(f"round {text!r} is not like 2012-2014, 2015- or 2015") from error
    return (low, high) if dash else (low, low)


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"{what} {text!r} is not a number") from error
