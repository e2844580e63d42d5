"""All public findings of a folder in one place: findings.json with its schema, and their results as CSV and Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from evalkit import __version__
from evalkit.batch.execute import is_finding
from evalkit.batch.manifest import Row
from evalkit.batch.store import write_if_changed
from evalkit.report.schema import schema_text
from evalkit.results import TIDY_SCHEMA

NAMES = ("findings.json", "findings.csv", "findings.parquet", "findings.schema.json")
FORMULA = r"^[=+\-@\t\r]"
"""How a text begins that a spreadsheet would carry out."""
KEYS = ("programme", "data", "indicator", "label_zh", "label_en", "domain", "role", "family", "unit", "claim", "page")
ABOUT: dict[str, type[pl.DataType]] = dict.fromkeys(KEYS, pl.String)


def write_collected(out: Path, rows: Sequence[Row]) -> None:
    """Write the four files anew from the numbers beside public pages, in the order of the rows.

    ``findings.csv`` (UTF-8 with a mark, as Excel wants it) and ``findings.parquet`` have a row for each term of each
    main result: what it is about, then the tidy columns. A finding that shows no result has one row without numbers.
    Texts that a spreadsheet would take for a formula begin with an apostrophe in the CSV file.
    ``findings.schema.json`` is the JSON schema of ``findings.json``.
    """
    pieces, results = list[bytes](), list[dict[str, Any]]()
    for row in rows:  # one finding at a time is held as what JSON has: memory hardly grows with their number
        if (values := _finding(out, row)) is not None:
            pieces.append(_text({**values, "page": row["page"]}, depth=2))
            results += _results(row["page"], values)
    table = _table(results)
    contents = (findings_text(pieces), csv_bytes(table), _parquet(table), schema_text().encode())
    for name, content in zip(NAMES, contents, strict=True):
        write_if_changed(out / name, content)


def findings_text(pieces: Sequence[bytes]) -> bytes:
    """Return findings.json of findings given as JSON two steps deep, to the byte as if all were written at once."""
    empty = {"$schema": NAMES[3], "schema_version": 1, "evalkit_version": __version__, "findings": []}
    before, after = _text(empty).split(b"[]")
    between = [part for piece in pieces for part in (b",\n  ", piece)][1:]
    return b"".join([before, b"[\n  ", *between, b"\n ]", after]) if pieces else _text(empty)


def tidy(found: Sequence[tuple[str, Mapping[str, Any]]]) -> pl.DataFrame:
    """Return the main results of findings, given with their pages, as one tidy table."""
    return _table([result for page, values in found for result in _results(page, values)])


def _table(results: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(results, schema={**ABOUT, **TIDY_SCHEMA})


def _results(page: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**_about(page, values), **_numbers(term)} for term in values["main"] or [{}]]


def _text(value: Mapping[str, Any], depth: int = 0) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)
    return text.replace("\n", "\n" + depth * " ").encode()


def _finding(out: Path, row: Row) -> dict[str, Any] | None:
    """Return the numbers beside a public page about one indicator; None for other pages."""
    if row["internal"] or row["state"] == "failed":
        return None
    for name in row["files"]:
        if name.endswith(".json") and (out / name).is_file():
            values: dict[str, Any] = json.loads((out / name).read_text(encoding="utf-8"))
            return values if is_finding(values) else None
    return None


def _about(page: str, values: Mapping[str, Any]) -> dict[str, str]:
    plan, programme = values["indicator"], values["programme"]
    return {
        "programme": programme["id"],
        "data": programme["provenance"],
        "indicator": plan["name"],
        "label_zh": plan["label"]["zh"],
        "label_en": plan["label"]["en"],
        **{key: plan[key] for key in ("domain", "role", "family", "unit")},
        "claim": values["gate"]["claim"],
        "page": page,
    }


def _numbers(term: Mapping[str, Any]) -> dict[str, Any]:
    return {name: term.get(name) for name in TIDY_SCHEMA}


def csv_bytes(table: pl.DataFrame) -> bytes:
    """Return a table as CSV for a spreadsheet: UTF-8 with a mark; texts that it would carry out begin with ``'``."""
    texts = pl.col(pl.String)
    safe = table.with_columns(
        pl.when(texts.str.contains(FORMULA)).then(pl.lit("'") + texts).otherwise(texts).name.keep()
    )
    return safe.write_csv(include_bom=True).encode()


def _parquet(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    return buffer.getvalue()
