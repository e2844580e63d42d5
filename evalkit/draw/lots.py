"""Lots: every village gets a ticket from the seed and its own name, and the lowest tickets become pilots."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.draw.pairs import distances, pair_up
from evalkit.errors import DataError, UsageError, listed, nearest

PILOT, COMPARISON, LEFT = "pilot", "comparison", "left_over"
JOINT = " / "


@dataclass(frozen=True, slots=True)
class Lot:
    """What is drawn: the column of the village, how many pilots, the seed, and the columns of strata and of pairs.

    ``pilot`` is None where villages are paired: each pair has one.
    """

    village: str
    seed: str
    pilot: int | None = None
    strata: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """How villages are drawn: within pairs, within strata, or all together."""
        return "pairs" if self.pairs else "strata" if self.strata else "all"


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a lot gave.

    ``rows`` has one row a village, sorted by it: village, stratum, pair (empty where there are none), arm (pilot,
    comparison or left_over), chance (the probability with which it was to be a pilot) and ticket. ``rows_sha256`` is a
    hash of the villages with the columns that the lot names, whatever the order of rows and columns.
    """

    lot: Lot
    rows: pl.DataFrame
    rows_sha256: str

    def count(self, arm: str) -> int:
        """Return the number of villages of an arm."""
        return int((self.rows["arm"] == arm).sum())


def draw_villages(
    frame: pl.DataFrame,
    *,
    village: str,
    seed: str,
    pilot: int | None = None,
    strata: Sequence[str] = (),
    pairs: Sequence[str] = (),
) -> Drawn:
    """Draw pilot villages by lot: all together, within strata, or one of each of two villages that are alike.

    A village's ticket is the SHA-256 of ``seed:village``, so that nobody can choose the outcome who did not choose the
    seed, and anybody can check it with any program. Within strata the places are shared out in proportion, those left
    over by largest remainder (Hamilton), and go to the lowest tickets. With `pairs`, villages are paired within strata
    so that the sum of Mahalanobis distances in these columns is least (Greevy et al. 2004), and the lower ticket of a
    pair becomes the pilot; of an odd number one village is left over, the one without which the sum is least.

    Parameters
    ----------
    frame : DataFrame
        One row a village.
    village : str
        Column that names it.
    seed : str
        Any text; best one that nobody could choose, such as the numbers of a public lottery on a day fixed beforehand.
    pilot : int, optional
        How many pilots; needed without `pairs`.
    strata, pairs : sequence of str
        Columns of text or numbers; columns of numbers.

    Raises
    ------
    DataError
        A village is missing or named twice; a value is missing, or is no number where one is needed.
    UsageError
        A column is unknown, the seed is empty, or the number of pilots leaves a stratum without one, or without a
        comparison village.

    References
    ----------
    Greevy, Lu, Silber & Rosenbaum (2004), Biostatistics 5; Bruhn & McKenzie (2009), AEJ: Applied 1, on pairs.
    """
    lot = Lot(village, seed, pilot, tuple(strata), tuple(pairs))
    _check(frame, lot)
    rows = _prepared(frame, lot)
    drawn = _paired(rows, lot) if lot.pairs else _within_strata(rows, lot)
    return Drawn(lot, drawn.select("village", "stratum", "pair", "arm", "chance", "ticket"), content_hash(rows, lot))


def ticket(seed: str, village: str) -> str:
    """Return a village's ticket, 64 hexadecimal digits: ``printf '%s' 'SEED:VILLAGE' | sha256sum``."""
    return hashlib.sha256(f"{seed}:{village}".encode()).hexdigest()


def content_hash(rows: pl.DataFrame, lot: Lot) -> str:
    """Return the hash of villages and of the columns that the lot names."""
    names = ["village", *sorted({*lot.strata, *lot.pairs})]
    lines = ["\t".join(names), *("\t".join(map(str, row)) for row in rows.select(names).iter_rows())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def shares(sizes: Sequence[int], pilot: int) -> list[int]:
    """Return how many pilots each stratum has: in proportion, the rest by largest remainder, earlier strata first.

    Three strata of 5, 3 and 2 and 4 pilots: 2, 1.2 and .8 give 2, 1 and 0, and the one left goes to the third.
    """
    exact = [pilot * n / sum(sizes) for n in sizes]
    given = [int(x) for x in exact]
    order = sorted(range(len(sizes)), key=lambda i: (given[i] - exact[i], i))
    for i in order[: pilot - sum(given)]:
        given[i] += 1
    return given


def _check(frame: pl.DataFrame, lot: Lot) -> None:
    if not lot.seed:
        raise UsageError("draw, seed", "it is empty", "any text that nobody could choose", "give --seed")
    for name in (lot.village, *lot.strata, *lot.pairs):
        if name not in frame.columns:
            raise UsageError("draw", f"there is no column {name!r} ({nearest(name, frame.columns)})", "a column", "ask")
        missing = frame[name].null_count()
        if missing:
            raise DataError(f"column {name!r}", f"{missing} villages have none", "a value in every row", "complete it")
    if (lot.pilot is None) != bool(lot.pairs):
        found = "both a number of pilots and pairs" if lot.pairs else "neither a number of pilots nor pairs"
        raise UsageError("draw", found, "--pilot N, or --pairs A,B: one of each pair is a pilot", "give one of them")
    twice = frame.filter(pl.col(lot.village).cast(pl.String).is_duplicated())[lot.village].unique().sort()
    if len(twice):
        raise DataError(
            f"column {lot.village!r}",
            f"{len(twice)} villages stand in several rows ({listed(twice)})",
            "one row each",
            "keep one",
        )
    wrong = [name for name in lot.pairs if not frame[name].dtype.is_numeric()]
    if wrong:
        raise DataError("draw, pairs", f"{listed(wrong)} are no numbers", "columns of numbers", "use --strata for text")


def _prepared(frame: pl.DataFrame, lot: Lot) -> pl.DataFrame:
    """Return villages as text, sorted, with their stratum and ticket, and the columns that the lot names."""
    named = frame.select(pl.col(lot.village).cast(pl.String).alias("village"), *{*lot.strata, *lot.pairs})
    stratum = (
        pl.concat_str([pl.col(s).cast(pl.String) for s in lot.strata], separator=JOINT) if lot.strata else pl.lit("")
    )
    rows = named.with_columns(stratum.alias("stratum")).sort("village")
    return rows.with_columns(pl.Series("ticket", [ticket(lot.seed, v) for v in rows["village"]], pl.String))


def _within_strata(rows: pl.DataFrame, lot: Lot) -> pl.DataFrame:
    strata = rows.group_by("stratum").len().sort("stratum")
    pilot = int(lot.pilot or 0)
    given = shares(strata["len"].to_list(), pilot) if 0 < pilot < rows.height else []
    bad = [s for s, n, k in zip(strata["stratum"], strata["len"], given, strict=bool(given)) if not 0 < k < n]
    if bad or not given:
        found = f"{pilot} pilots of {rows.height} villages" + (
            f" leave strata {listed(bad)} with one arm" if bad else ""
        )
        raise UsageError(
            "draw, pilot",
            found,
            "a pilot and a comparison village in every stratum",
            "join strata, or change the number",
        )
    quota = strata.with_columns(pl.Series("given", given, pl.Int64))
    ranked = rows.join(quota, on="stratum").with_columns(pl.col("ticket").rank("ordinal").over("stratum").alias("rank"))
    arm = pl.when(pl.col("rank") <= pl.col("given")).then(pl.lit(PILOT)).otherwise(pl.lit(COMPARISON))
    return ranked.with_columns(
        arm.alias("arm"), pl.lit("").alias("pair"), (pl.col("given") / pl.col("len")).alias("chance")
    ).sort("village")


def _paired(rows: pl.DataFrame, lot: Lot) -> pl.DataFrame:
    apart = distances(rows.select(lot.pairs).to_numpy().astype(np.float64))
    pair = np.zeros(rows.height, dtype=np.int64)
    strata = rows["stratum"].to_numpy()
    number = 0
    for stratum in sorted(set(strata)):
        own = np.flatnonzero(strata == stratum)
        for one, other in pair_up(apart[np.ix_(own, own)], stratum):
            number += 1
            pair[own[[one, other]]] = number
    width = len(str(number))
    names = [f"{p:0{width}d}" if p else "" for p in pair]
    paired = rows.with_columns(pl.Series("pair", names, pl.String))
    lower = pl.col("ticket") == pl.col("ticket").min().over("pair")
    alone = pl.col("pair") == ""
    arm = pl.when(alone).then(pl.lit(LEFT)).when(lower).then(pl.lit(PILOT)).otherwise(pl.lit(COMPARISON))
    return paired.with_columns(arm.alias("arm"), pl.when(alone).then(0.0).otherwise(0.5).alias("chance"))
