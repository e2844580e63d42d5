"""The rows that field checks judge: canonical columns of a survey with the places that a problem is reported at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.errors import PlanError, nearest
from evalkit.intake.codebook import NUMBERS, Entry
from evalkit.programme import DesignPlan, Programme
from evalkit.quality_plan import QualityPlan

CURRENCIES = ("yuan", "cny", "mzn", "usd", "inr", "eur")
MONEY, AREA, MASS, PERSONS = "money", "area", "mass", "persons"


@dataclass(frozen=True, slots=True)
class Survey:
    """Rows with `_file`, `_row`, `_key`, `_village`, `_enumerator`, `_round`, and what the codebook says of them."""

    frame: pl.DataFrame
    entries: tuple[Entry, ...]
    design: DesignPlan
    plan: QualityPlan

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of measured numbers: not ids, rounds, weights or flags."""
        apart = {self.design.time, self.design.weights, self.design.first_treated, self.design.treatment}
        apart |= {self.plan.duration, self.design.unit, self.design.cluster}
        kinds = {e.name: e for e in self.entries if e.kind in NUMBERS and e.kind != "flag" and not e.identifier}
        return tuple(n for n in kinds if n in self.frame.columns and n not in apart and "weight" not in n)

    def quantity(self, name: str) -> str:
        """Return what a column measures: money, area, mass, persons, or nothing known."""
        units = {e.unit.split("/")[0].strip().lower() for e in self.entries if e.name == name} | {name.split("_")[-1]}
        kinds = {
            MONEY: CURRENCIES,
            AREA: ("mu", "hectare"),
            MASS: ("kg", "jin", "tonne"),
            PERSONS: ("persons", "members"),
        }
        return next((kind for kind, words in kinds.items() if units & set(words)), "")

    def by_round(self) -> list[str]:
        """Return the column of the round, or nothing in a cross-section."""
        return ["_round"] if self.frame["_round"].null_count() < self.frame.height else []


def survey_of(
    programme: Programme, frame: pl.DataFrame, origin: pl.DataFrame, entries: Sequence[Entry], key: Sequence[str]
) -> Survey:
    """Give the rows of intake their places; refuse columns of [quality] that are not there.

    Raises
    ------
    PlanError
        [quality] names a column that no codebook gives.
    """
    design, plan = programme.design, programme.quality
    _require_columns(programme, frame)
    places = {"_village": design.cluster, "_enumerator": plan.enumerator, "_round": design.time}
    absent = pl.lit(None, pl.String)
    text = {
        n: pl.col(c).cast(pl.Int64 if n == "_round" else pl.String) if c and c in frame.columns else absent
        for n, c in places.items()
    }
    keys = pl.concat_str([pl.col(k).cast(pl.String) for k in key if k in frame.columns], separator="/")
    rows = frame.with_columns(keys.alias("_key"), *(e.alias(n) for n, e in text.items()))
    return Survey(pl.concat([rows, origin], how="horizontal"), tuple(entries), design, plan)


def _require_columns(programme: Programme, frame: pl.DataFrame) -> None:
    plan = programme.quality
    named = [c for c in (plan.enumerator, plan.duration, plan.size) if c]
    named += [c for group in (*plan.ids, *plan.batteries) for c in group]
    named += [c for pair in plan.at_most for c in (pair.part, pair.whole)]
    absent = [c for c in named if c not in frame.columns]
    if absent:
        raise PlanError(
            f"{programme.id}, [quality]",
            f"{absent[0]!r} is no canonical column ({nearest(absent[0], frame.columns)})",
            "names that the codebook gives",
            "correct the name, or enter the column in the codebook",
        )
