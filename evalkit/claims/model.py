"""What claims.toml holds: the article, every figure in it, and how figures hang together; frozen and validated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from evalkit.claims.figure import Bound
from evalkit.plan_tables import Name, Text

Kind = Literal["input", "output", "outcome", "attribution", "forecast", "capacity"]
KINDS: tuple[Kind, ...] = ("forecast", "capacity", "attribution", "outcome", "output", "input")
"""What a result made of several figures is: the first of these that any of them is."""
RelationKind = Literal[
    "ratio", "share", "per_unit", "whole", "product", "sum", "parts", "difference", "covers", "compare"
]
Period = Annotated[str, Field(pattern=r"^/?(\d{4}|-)(-\d{2}){0,2}(/(\d{4}|-)(-\d{2}){0,2})?$")]
"""``2016``, ``2016-12``, ``2012/2016``, ``/2020-08-02`` (until); ``--08-02`` where the article gives no year."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Article(_Frozen):
    """[article]: where the figures stand; ``source`` names the file that ``line`` counts in."""

    name: Text
    source: str
    published: str | None = None


class Claim(_Frozen):
    """[[claims]]: one figure.

    ``said`` is the figure as the article writes it, ``value`` what the evaluator reads in it, in ``unit``: each is
    checked by the other. ``concept`` says what is measured (two figures of different concepts are never compared). What
    the article does not tell (period, place, basis, what a share is of, base, comparison) is left out, and is missing.
    ``measure = "growth"`` is a rise over what was before, which may exceed 100 %.
    ``picked``: one person, shop or field that the article chose to tell of, best or worst or any.
    """

    id: Name
    about: Text
    said: str
    value: float | tuple[float, float]
    unit: str
    concept: Name
    kind: Kind
    line: int = Field(ge=1)
    place: Text | None = None
    period: Period | None = None
    basis: Literal["gross", "net", "not_applicable"] | None = None
    measure: Literal["stock", "flow", "growth"] | None = None
    of: Text | None = None
    part_of: Name | None = None
    picked: bool = False
    base: Text | None = None
    comparison: Text | None = None
    bound: Bound | None = None
    indicator: Name | None = None
    note: Text | None = None


class Relation(_Frozen):
    """[[relations]]: how figures hang together.

    ``of`` names claims or earlier relations, ``gives`` the claim in which the article states the result.
    ``as_stated``: the article itself says what is impossible, and the page shall tell so instead of refusing the file.
    """

    id: Name
    about: Text
    kind: RelationKind
    of: tuple[Name, ...] = Field(min_length=2)
    gives: Name | None = None
    concept: Name | None = None
    as_stated: bool = False
    note: Text | None = None


class Reported(_Frozen):
    """All of claims.toml; ``units`` says in both languages what is counted, by the name of one of it."""

    schema_version: Literal[1]
    article: Article
    units: Mapping[Name, Text] = {}
    claims: tuple[Claim, ...] = Field(min_length=1)
    relations: tuple[Relation, ...] = ()

    def claim(self, name: str) -> Claim:
        """Return the claim of an id."""
        return next(c for c in self.claims if c.id == name)

    @property
    def indicators(self) -> tuple[str, ...]:
        """The indicators that some claim is laid beside, in the order of the claims."""
        return tuple(dict.fromkeys(c.indicator for c in self.claims if c.indicator))
