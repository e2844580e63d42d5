"""How evalkit reads a file of each kind; what the reader raises is raised."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.damaged.seeds import CODEBOOK, HEADERS, PLAIN, PROGRAMME, ROOT

NAMES = {
    "codebook": "codebook.csv", "programme": "programme.toml", "claims": "claims.toml", "crosswalk": "crosswalk.csv",
    "corrections": "corrections.xlsx", "form": "form.xlsx", "prices": "cpi_rural.csv", "truth": "truth.json",
    "published": "published.csv", "sums": "SHA256SUMS", "lock": "plan.lock.json", "moments": "office.parquet",
    "gb18030": "input.csv", "utf16": "input.txt", "ledger.gb18030": "input.csv",
}  # fmt: skip


def path_for(kind: str, folder: Path) -> Path:
    """Return where a kind's input is written: the name is one that its reader takes."""
    return folder / NAMES.get(kind, f"input.{kind.rpartition('.')[2]}")


def entries() -> tuple:
    """Return the codebook by which tables are read."""
    from evalkit.intake.codebook import read_codebook

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "codebook.csv")
        path.write_text(CODEBOOK, encoding="utf-8")
        return read_codebook(path)


def read(kind: str, path: Path, meant: tuple) -> None:
    """Read a file as evalkit does."""
    if kind in SINGLE:
        SINGLE[kind](path)
    elif kind.startswith("any."):
        _any(path)
    elif kind.startswith("draft."):
        _draft(path)
    elif kind.startswith("ledger."):
        _ledger(path, meant)
    else:
        _table(kind, path, meant)


def _table(kind: str, path: Path, meant: tuple) -> None:
    from evalkit.intake.codebook import entries_for
    from evalkit.intake.convert import convert
    from evalkit.intake.files import read_table
    from evalkit.programme import Source

    source = Source(kind="survey", file=path.name, key=("household_id",), table="t" if kind == "sqlite" else None)
    if kind in {"dta", "sav"}:
        named = dict(zip(HEADERS, PLAIN, strict=True))
        meant = tuple(replace(e, raw_header=named[e.raw_header]) for e in meant)
    meant = meant[:3] if kind == "xls" else meant
    table = read_table(source, path, 2014, meant)
    convert(table, entries_for(meant, 2014, table.frame.columns, path.name), ["household_id"], None, "survey")


def _ledger(path: Path, meant: tuple) -> None:
    import polars as pl

    from evalkit.intake.ledgers import read_ledger
    from evalkit.programme import Source

    names = {"sales_yuan": "amount_yuan", "village_id": "who", "household_id": "entry_id", "note": "channel"}
    book = [replace(e, name=names.get(e.name, e.name), source="", first_round=None) for e in meant]
    source = Source(
        kind="ledger", ledger="orders", file=path.name, key=("entry_id",), who="who", date="day", complete=(2016, 2017)
    )
    read_ledger(source, book, path.parent, pl.Series(["A", "B"]))


def _any(path: Path) -> None:
    """Use a scanned file as a command does, which tells what a damaged parquet says."""
    from evalkit.errors import DataError
    from evalkit.intake.anyfile import read_any

    try:
        read_any(path).collect()
    except Exception as error:
        if not str(error).startswith("parquet: "):
            raise
        raise DataError(str(path), str(error)) from error


def _draft(path: Path) -> None:
    from evalkit.intake.draft import draft

    draft(path.parent, "some_place")


def _codebook(path: Path) -> None:
    from evalkit.intake.codebook import read_codebook

    read_codebook(path)


def _programme(path: Path) -> None:
    from evalkit.plan_migration import migrated
    from evalkit.programme import load

    load(path)
    migrated(path.read_text(encoding="utf-8"))


def _claims(path: Path) -> None:
    from evalkit.claims.read import read_claims

    read_claims(path.parent)


def _crosswalk(path: Path) -> None:
    from evalkit.intake.crosswalk import read_crosswalk

    read_crosswalk(path.parent)


def _corrections(path: Path) -> None:
    from evalkit.intake.corrections import read_log

    read_log(path.parent)


def _form(path: Path) -> None:
    from evalkit.intake.forms import read_form

    read_form(path)


def _of(path: Path, programme: Path = PROGRAMME):
    """Return a programme that looks for its files where the input lies."""
    from evalkit.programme import load

    return load(programme).model_copy(update={"folder": path.parent})


def _prices(path: Path) -> None:
    from evalkit.intake.prices import read_prices

    read_prices(_of(path))


def _truth(path: Path) -> None:
    from evalkit.intake.truth import read_truth

    read_truth(_of(path))


def _published(path: Path) -> None:
    from evalkit.report.replication import published_numbers

    published_numbers(_of(path, ROOT / "data_raw/moz_savings"))


def _sums(path: Path) -> None:
    from evalkit.intake.sums import require_unchanged

    require_unchanged(path.parent, ())


def _lock(path: Path) -> None:
    from evalkit.plan_lock import deviations, read_lock

    programme = _of(path)
    lock = read_lock(programme)
    if lock is not None:
        deviations(programme, lock)


def _moments(path: Path) -> None:
    from evalkit import Moments

    Moments.read(path)


SINGLE: dict[str, Callable[[Path], None]] = {
    "codebook": _codebook,
    "programme": _programme,
    "claims": _claims,
    "crosswalk": _crosswalk,
    "corrections": _corrections,
    "form": _form,
    "prices": _prices,
    "truth": _truth,
    "published": _published,
    "sums": _sums,
    "lock": _lock,
    "moments": _moments,
}
