"""The villages of a programme and which are treated, cached: planning does not read the raw files again."""

from __future__ import annotations

import polars as pl

from evalkit.cache import Entry, cache_folder, code_hash, hash_of, read_entry, write_entry
from evalkit.programme import Programme

TABLE = "villages"


def villages(programme: Programme) -> list[str]:
    """Return the ids of all villages in the programme's data, sorted.

    Raises
    ------
    DataError, PlanError
        The raw files cannot be read.
    """
    return _table(programme)["village"].to_list()


def n_treated(programme: Programme) -> int:
    """Return how many villages have a household that is treated at some time."""
    return int(_table(programme)["treated"].sum())


def _table(programme: Programme) -> pl.DataFrame:
    from evalkit.intake import checksums
    from evalkit.intake_store import programme_rows

    root = cache_folder(programme.folder)
    key = f"villages-{hash_of(checksums(programme), code_hash())}"
    stored = read_entry(root, key)
    if stored is not None:
        return stored.tables[TABLE]
    frame = programme_rows(programme).frame.drop_nulls(programme.design.cluster)
    village = pl.col(programme.design.cluster).cast(pl.String).alias("village")
    table = frame.group_by(village).agg(_treated(programme).any().fill_null(False).alias("treated")).sort("village")
    write_entry(root, key, Entry({TABLE: table}, {}))
    return table


def _treated(programme: Programme) -> pl.Expr:
    """Return whether a row is of a treated household; a first treated round of 0 or infinity means never."""
    column = programme.design.treatment or programme.design.first_treated
    value = pl.col(str(column)).cast(pl.Float64, strict=False)
    return (value > 0) & value.is_finite()
