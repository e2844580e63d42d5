"""Profiles of a programme's villages, described all at once and kept in the cache: a village's page reads one table."""

from __future__ import annotations

import polars as pl

from evalkit.cache import Entry, cache_folder, hash_of, read_entry, write_entry
from evalkit.columns import CLUSTER
from evalkit.diagnostics.village import VillageProfile, arm_means, first_treated, unknown_village, village_means
from evalkit.panel import Panel
from evalkit.panel_store import panel_key
from evalkit.programme import Programme

TABLE = "profiles"
ABOUT = ("indicator", "village", "first_treated")
"""Columns beside those of `VillageProfile.means`; rows of an arm have no village."""


def stored_profiles(programme: Programme, village: str) -> list[VillageProfile]:
    """Describe one village in each indicator that its households have, as `village_profiles` does from the panels.

    Raises
    ------
    DataError
        It is in none of the panels, or the raw files cannot be read.
    """
    table = _table(programme)
    own = table.filter((pl.col("village") == village).fill_null(value=True))
    by_indicator = own.partition_by("indicator", maintain_order=True)
    found = [_profile(rows, village) for rows in by_indicator if rows["village"][0] is not None]
    if not found:
        raise unknown_village(village, table["village"].drop_nulls().unique().sort().to_list())
    return found


def _profile(rows: pl.DataFrame, village: str) -> VillageProfile:
    return VillageProfile(rows["indicator"][0], village, rows["first_treated"][0], rows.drop(ABOUT))


def _table(programme: Programme) -> pl.DataFrame:
    """Return the means of all villages and both arms in every indicator, villages first."""
    plans = programme.indicators
    root = cache_folder(programme.folder)
    key = hash_of("profiles of villages", panel_key(programme, plans[0]), [p.model_dump(mode="json") for p in plans])
    stored = read_entry(root, key)
    if stored is None:
        table = pl.concat(_described(Panel.from_programme(programme, plan.name)) for plan in plans)
        stored = Entry({TABLE: table}, {})
        write_entry(root, key, stored)
    return stored.tables[TABLE]


def _described(panel: Panel) -> pl.DataFrame:
    parts = panel.frame.partition_by(CLUSTER, maintain_order=True)
    villages = [_about(panel, village_means(rows, panel), rows) for rows in parts]
    return pl.concat([*villages, _about(panel, arm_means(panel), None)])


def _about(panel: Panel, means: pl.DataFrame, rows: pl.DataFrame | None) -> pl.DataFrame:
    """Say what means are about: the indicator and, where they are of one, the village and its first treated round."""
    village, first = (None, None) if rows is None else (rows[CLUSTER][0], first_treated(rows))
    return means.with_columns(
        pl.lit(panel.outcome).alias("indicator"),
        pl.lit(village, pl.String).alias("village"),
        pl.lit(first, pl.Int64).alias("first_treated"),
    )
