"""The villages of a programme, kept in the cache so that planning does not read the raw files again."""

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
    from evalkit.intake import checksums, read_programme

    root = cache_folder(programme.folder)
    key = f"villages-{hash_of(checksums(programme), code_hash())}"
    stored = read_entry(root, key)
    if stored is not None:
        return stored.tables[TABLE]["village"].to_list()
    column = read_programme(programme).frame[programme.design.cluster].drop_nulls().cast(pl.String)
    table = pl.DataFrame({"village": column.unique().sort()})
    write_entry(root, key, Entry({TABLE: table}, {}))
    return table["village"].to_list()
