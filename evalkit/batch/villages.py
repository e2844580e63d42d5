"""The villages of a programme and which are treated, cached: planning does not read the raw files again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from evalkit.batch.machine import cores
from evalkit.cache import META, Entry, cache_folder, code_hash, hash_of, read_entry, write_entry
from evalkit.errors import EvalkitError
from evalkit.programme import IndicatorPlan, Programme

TABLE = "villages"


def villages(programme: Programme) -> list[str]:
    """Return the ids of all villages in the programme's data, sorted.

    Raises
    ------
    DataError, PlanError
        The raw files cannot be read.
    """
    return _table(programme)["village"].to_list()


def n_treated(programme: Programme, indicator: str | None = None) -> int:
    """Return how many villages have a household that is treated at some time and, if named, has the indicator."""
    return int(_table(programme)["treated" if indicator is None else _measured_name(indicator)].sum())


def look_at(programmes: Sequence[Programme]) -> None:
    """Read what is not cached of several programmes at once, a process each; what is wrong, planning tells."""
    new = [p for p in programmes if not _is_cached(p)]
    n = min(len(new), cores())
    if n < 2:
        return
    with ThreadPoolExecutor(n) as pool:
        list(pool.map(_look_apart, new))


def _look_apart(programme: Programme) -> None:
    """Read one programme in a process that imports intake only; what it says of bad files, planning says again."""
    command = [sys.executable, "-P", "-m", "evalkit.intake_store", str(programme.folder)]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def _is_cached(programme: Programme) -> bool:
    try:
        return (cache_folder(programme.folder) / _key(programme) / META).is_file()
    except EvalkitError:
        return True  # it cannot be read; told where the programme is planned


def _key(programme: Programme) -> str:
    from evalkit.intake import checksums

    return f"villages-{hash_of(checksums(programme), code_hash())}"


def _table(programme: Programme) -> pl.DataFrame:
    from evalkit.intake_store import programme_rows

    root, key = cache_folder(programme.folder), _key(programme)
    stored = read_entry(root, key)
    if stored is not None:
        return stored.tables[TABLE]
    frame = programme_rows(programme).frame.drop_nulls(programme.design.cluster)
    village = pl.col(programme.design.cluster).cast(pl.String).alias("village")
    treated = _treated(programme)
    measured = {p.name: treated & _measured(frame, p) for p in programme.indicators}
    flags = {"treated": treated, **{_measured_name(name): flag for name, flag in measured.items()}}
    table = frame.group_by(village).agg(e.any().fill_null(False).alias(n) for n, e in flags.items()).sort("village")
    write_entry(root, key, Entry({TABLE: table}, {}))
    return table


def _measured_name(indicator: str) -> str:
    return f"treated, {indicator}"


def _measured(frame: pl.DataFrame, plan: IndicatorPlan) -> pl.Expr:
    """Return whether a row has all that an indicator is made of; True where that cannot be told from the columns."""
    from evalkit.indicators import columns_of

    names = [c for c in columns_of(frame, plan) if c in frame.columns]
    return pl.all_horizontal(pl.col(names).is_not_null()) if names else pl.lit(True)


def _treated(programme: Programme) -> pl.Expr:
    """Return whether a row is of a treated household; a first treated round of 0 or infinity means never."""
    column = programme.design.treatment or programme.design.first_treated
    value = pl.col(str(column)).cast(pl.Float64, strict=False)
    return (value > 0) & value.is_finite()
