"""evalkit moments --share: the file that an office sends, a summary to read before, and a list that stays there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit import __version__

if TYPE_CHECKING:
    from evalkit.moments.share import Shared

STAYS = "-stays-in-office.csv"


def share_rows(files: Sequence[Path], outcomes: Sequence[str], out: Path, options: dict[str, Any]) -> None:
    """Write the moments of an office for the centre, the summary beside it, and who has which mark."""
    from evalkit.commands.moments import summed
    from evalkit.intake.identifiers.pseudonym import read_key
    from evalkit.moments.senders import signed
    from evalkit.moments.share import share
    from evalkit.moments.summary import summary

    office = options["office"] or out.stem
    found = summed(files, outcomes, options)
    kept = share(found, min_households=options["min_households"], drop_small=options["drop_small"])
    key = read_key(out.resolve().parent) if options["unit"] else None
    households = [] if key is None else _households(files, outcomes, kept, options)
    moments = signed(kept.moments, office, __version__, revision=options["revision"], households=households, key=key)
    moments.write(out)
    if key is not None:
        _list_marks(households, key, out.with_name(out.stem + STAYS))
    text = summary(moments, kept, out.name, hashlib.sha256(out.read_bytes()).hexdigest())
    out.with_suffix(".txt").write_text(text, encoding="utf-8")
    click.echo(f"{kept}\n{moments!r}: {out}\nread before you send it: {out.with_suffix('.txt')}")


def _households(files: Sequence[Path], outcomes: Sequence[str], kept: Shared, options: dict[str, Any]) -> list[str]:
    """Return the ids of the households that were summed: of villages that are kept, with an outcome observed."""
    import polars as pl

    from evalkit.intake.anyfile import read_any

    unit, village = pl.col(options["unit"]).cast(pl.String), pl.col(options["cluster"]).cast(pl.String)
    counted = pl.any_horizontal(pl.col(list(outcomes)).is_not_null()) & village.is_in(kept.moments.clusters)
    frames = [read_any(f).filter(counted).select(unit.alias("unit")).unique() for f in files]
    return sorted(pl.concat(frames).unique().collect()["unit"].to_list())


def _list_marks(households: Sequence[str], key: bytes, file: Path) -> None:
    """Write who has which mark, so that the office can find a household that the centre asks about."""
    import polars as pl

    from evalkit.batch.collected import csv_bytes
    from evalkit.moments.senders import mark_of

    marks = [f"{mark_of(h, key):016x}" for h in households]
    file.write_bytes(csv_bytes(pl.DataFrame({"mark": marks, "household": list(households)})))
