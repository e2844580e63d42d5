"""Raw files of a programme: patterns, checksums, tables as text."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.errors import DataError, nearest
from evalkit.intake.encoding import read_text
from evalkit.intake.guards import inside, require_inside
from evalkit.programme import FILE_NAME, Programme, Source

FIELD = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class RawTable:
    """One raw file: its rows as text (parquet keeps its types), its round where the name gives one, its encoding."""

    path: Path
    frame: pl.DataFrame
    encoding: str | None
    round: int | None


def files_of(source: Source, folder: Path) -> list[tuple[Path, int | None]]:
    """Return the files of a source and, where its pattern has a field like {year}, their rounds; sorted."""
    if not FIELD.search(source.file) and "*" not in source.file:
        return [(inside(existing(folder / source.file), folder), None)]
    pattern = re.compile(_as_regex(source.file))
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        match = pattern.fullmatch(path.relative_to(folder).as_posix())
        if match:
            found.append((inside(path, folder), int(match[1]) if match.lastindex else None))
    if not found:
        raise DataError(
            f"{folder}/{source.file}",
            "no file fits this pattern",
            "at least one",
            f"check the folder; it has {nearest(source.file, _names(folder))}",
        )
    return found


def existing(path: Path) -> Path:
    """Return the path of a file that is there; else say which name comes nearest."""
    if not path.is_file():
        raise DataError(
            str(path),
            f"there is no such file ({nearest(path.name, _names(path.parent))})",
            "the file that programme.toml names",
            "correct the name or add the file",
        )
    return path


def read_table(source: Source, path: Path, round_: int | None) -> RawTable:
    """Read one file; text files and spreadsheets as text, so that nothing is guessed about types."""
    suffix = path.suffix.lower()
    if suffix in {".csv", ".tsv", ".txt"}:
        text, encoding = read_text(path, source.encoding)
        frame = pl.read_csv(io.BytesIO(text.encode()), infer_schema=False, separator="\t" if suffix == ".tsv" else ",")
        return RawTable(path, frame, encoding, round_)
    if suffix == ".xlsx":
        return RawTable(path, _sheet(path, source.sheet), None, round_)
    if suffix == ".parquet":
        return RawTable(path, pl.read_parquet(path), None, round_)
    raise DataError(
        str(path),
        f"files of the kind {suffix!r} are not read",
        ".csv, .tsv, .xlsx or .parquet",
        "save it as one of these",
    )


def checksums(programme: Programme) -> dict[str, str]:
    """Return the SHA-256 of every file that the programme uses, by its path in the programme's folder."""
    require_inside(programme)
    folder = programme.folder
    names = {FILE_NAME, *(s.codebook for s in programme.sources if s.codebook)}
    names |= {programme.truth.file} if programme.truth else set()
    names |= {programme.about.deflator.file} if programme.about.deflator else set()
    paths = [existing(folder / name) for name in names]
    paths += [path for source in programme.sources for path, _ in files_of(source, folder)]
    return {p.relative_to(folder).as_posix(): sha256(p) for p in sorted(set(paths))}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sheet(path: Path, sheet: str | None) -> pl.DataFrame:
    import fastexcel

    book = fastexcel.read_excel(path)
    if sheet is not None and sheet not in book.sheet_names:
        raise DataError(
            f"{path}",
            f"there is no sheet {sheet!r} ({nearest(sheet, book.sheet_names)})",
            "the sheet that programme.toml names",
            "correct the name",
        )
    return book.load_sheet(sheet if sheet is not None else 0, dtypes="string").to_polars()


def _as_regex(pattern: str) -> str:
    """Turn households_{year}.xlsx into an expression in which the field is a whole number, and * any name."""
    parts = re.split(r"(\{[a-z_]+\}|\*)", pattern)
    return "".join(r"(\d+)" if FIELD.fullmatch(p) else "[^/]*" if p == "*" else re.escape(p) for p in parts)


def _names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []
