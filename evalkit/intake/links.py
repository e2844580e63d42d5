"""The link table: who is a demonstration household, who is linked to one, and whose place is not known."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from evalkit.columns import EXPOSURE
from evalkit.errors import DataError, PlanError, listed, nearest
from evalkit.intake.records import QUALITY_SCHEMA, REJECTED_SCHEMA
from evalkit.intake.rules import line, reject
from evalkit.programme import Programme, Source

FAULTS = ("link_unknown", "link_self", "link_not_demonstration", "link_other_village", "link_untreated")
"""What makes a link unusable, the first that applies; who is named in such a link only has no known place."""


@dataclass(frozen=True, slots=True)
class Places:
    """The survey's rows with the column ``exposure`` (null where not known), links rejected, and lines of quality."""

    frame: pl.DataFrame
    rejected: pl.DataFrame
    quality: pl.DataFrame


def places(frame: pl.DataFrame, links: pl.DataFrame, source: Source, programme: Programme) -> Places:
    """Give each household its place: demonstration, linked, unlinked, or comparison in villages that never start.

    Parameters
    ----------
    frame : DataFrame
        Rows of the survey with their village's columns.
    links : DataFrame
        Rows of the link table: who guides (the source's first key) and who is guided (the second).

    Notes
    -----
    A demonstration household that is guided by another stays one; a household guided by several is linked once. Not
    known is the place of a household that only unusable links name as guided, of one whose flag is missing or changes
    between rounds, and of a demonstration household in a village that never starts.

    Raises
    ------
    PlanError
        The source's key does not name two columns.
    DataError
        There is no column for the household, the flag of demonstration households or the start.
    """
    _require_pair(source, programme)
    units = _units(frame, programme)
    guide, guided = source.key
    judged = _judged(links, units, guide, guided)
    sound = judged.filter(pl.col("_fault").is_null())
    rejected = [_rejected(judged, rule, source) for rule in FAULTS]
    known = units.with_columns(
        pl.col("_unit").is_in(sound[guided].implode()).alias("_linked"),
        pl.col("_unit").is_in(judged[guided].drop_nulls().implode()).alias("_named"),
    ).select("_unit", _place().alias(EXPOSURE))
    joined = frame.join(known, left_on=str(programme.design.unit), right_on="_unit", how="left", maintain_order="left")
    name = "+".join(source.key)
    quality = [line(rule, name, "error", judged.height, r.height) for rule, r in zip(FAULTS, rejected, strict=True)]
    quality += _warnings(sound, units, guided, name)
    return Places(joined, pl.concat(rejected), pl.concat(quality))


def _require_pair(source: Source, programme: Programme) -> None:
    if len(source.key) != 2:
        raise PlanError(
            f"{programme.id}, [[sources]] {source.place}",
            f"its key names {listed(source.key)}",
            "two columns: the household that guides, then the one that is guided",
            'write for example key = ["guide_id", "household_id"]',
        )


def _units(frame: pl.DataFrame, programme: Programme) -> pl.DataFrame:
    """Return one row a household: village, whether it starts at some time, and its flag (null: missing or changing)."""
    design = programme.design
    wanted = {"unit": design.unit, "demonstration": design.demonstration, "first_treated": design.first_treated}
    for field, column in wanted.items():
        if column not in frame.columns:
            raise DataError(
                f"{programme.id}, [design] {field}",
                f"there is no column {column!r} ({nearest(str(column), frame.columns)})",
                "a column of the survey or the roster, which places households by the link table",
                "enter it in the codebook",
            )
    flag = pl.col(str(design.demonstration)).drop_nulls()
    first = pl.col(str(design.first_treated)).cast(pl.Float64)
    return frame.group_by(pl.col(str(design.unit)).alias("_unit")).agg(
        pl.col(design.cluster).first().alias("_village"),
        ((first > 0) & first.is_finite()).fill_null(False).any().alias("_starts"),
        pl.when(flag.n_unique() == 1).then(flag.first() == 1).alias("_flag"),
    )


def _judged(links: pl.DataFrame, units: pl.DataFrame, guide: str, guided: str) -> pl.DataFrame:
    """Return the links with `_fault`, the first rule that they break."""
    ends = links
    for column, mark in ((guide, "a"), (guided, "b")):
        own = units.select(pl.col("_unit").alias(column), *[pl.col(c).alias(f"{c}_{mark}") for c in units.columns[1:]])
        ends = ends.join(own, on=column, how="left", maintain_order="left")
    broken = {
        "link_unknown": pl.col("_village_a").is_null() | pl.col("_village_b").is_null(),
        "link_self": pl.col(guide) == pl.col(guided),
        "link_not_demonstration": ~pl.col("_flag_a").fill_null(False),
        "link_other_village": pl.col("_village_a") != pl.col("_village_b"),
        "link_untreated": ~pl.col("_starts_a"),
    }
    return ends.with_columns(
        pl.coalesce(pl.when(broken[rule].fill_null(False)).then(pl.lit(rule)) for rule in FAULTS).alias("_fault")
    )


def _place() -> pl.Expr:
    """Return a household's place from `_starts`, `_flag`, `_linked` and `_named`; null where it is not known."""
    outside = pl.when(~pl.col("_named") & ~pl.col("_flag")).then(pl.lit("comparison"))
    return (
        pl.when(~pl.col("_starts"))
        .then(outside)
        .when(pl.col("_flag"))
        .then(pl.lit("demonstration"))
        .when(~pl.col("_flag") & pl.col("_linked"))
        .then(pl.lit("linked"))
        .when(~pl.col("_flag") & ~pl.col("_named"))
        .then(pl.lit("unlinked"))
    )


def _rejected(judged: pl.DataFrame, rule: str, source: Source) -> pl.DataFrame:
    rows = judged.filter(pl.col("_fault") == rule)
    return reject(rows, rule, "error", "+".join(source.key), source.key, "links").cast(REJECTED_SCHEMA)  # type: ignore[arg-type]


def _warnings(sound: pl.DataFrame, units: pl.DataFrame, guided: str, name: str) -> list[pl.DataFrame]:
    """Count guided households that have several links, or are demonstration households themselves."""
    several = sound.group_by(guided).len().filter(pl.col("len") > 1).height
    own = sound.filter(pl.col("_flag_b").fill_null(False))[guided].n_unique()
    lost = units.filter(pl.col("_flag").is_null() | (pl.col("_flag") & ~pl.col("_starts"))).height
    n = sound[guided].n_unique()
    return [
        line("link_several", name, "warning", n, several),
        line("link_demonstration", name, "warning", n, own),
        line("demonstration_unclear", name, "warning", units.height, lost).cast(QUALITY_SCHEMA),  # type: ignore[arg-type]
    ]
