"""The tables of programme.toml, each a frozen pydantic model: what may stand there, and of which kind."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from evalkit.design import AssignedTo, Assignment, Comparison
from evalkit.ledger_plan import LedgerFields

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Value = int | float | str
"""What a cell may have to be, for its row to be meant."""

UNDECIDED = "DECIDE"
"""What `evalkit new` writes where a person must decide."""


def _decided(text: str) -> str:
    if text == UNDECIDED:
        raise ValueError("a person must still decide this")
    return text


Decided = Annotated[str, AfterValidator(_decided)]


def _without_secrets(text: str) -> str:
    """Accept the name of a variable or service only; an address may hold a password, so it is not repeated."""
    if not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|service:[A-Za-z0-9_-]+", text):
        raise ValueError(
            "[[sources]] database is not shown, for it may hold a password; it must be env:NAME, an environment "
            "variable with the address, or service:NAME of pg_service.conf"
        )
    return text


class Frozen(BaseModel):
    """A table: it never changes, and an entry that it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Frozen):
    """A text in both languages."""

    zh: Decided
    en: Decided


class Noun(Frozen):
    """What a programme calls its villages, or its households.

    `counted` stands after a number (个社区, 名客户), `short` in compounds (户 of 户数) where that differs from `zh`.
    """

    zh: Decided
    counted: Decided
    short: str = ""
    en: Decided
    plural: Decided


VILLAGE = Noun(zh="村", counted="个村", en="village", plural="villages")
HOUSEHOLD = Noun(zh="农户", counted="户", short="户", en="household", plural="households")


class Terms(Frozen):
    """[words]: the nouns of pages for what is assigned and for whose outcomes are measured."""

    cluster: Noun = VILLAGE
    unit: Noun = HOUSEHOLD


USUAL = Terms()
"""Villages and households."""


class Deflator(Frozen):
    """The price index that turns money into constant yuan of the base year."""

    file: str
    region: str


class About(Frozen):
    """[programme]: identity, provenance, currency."""

    id: Name
    name: Text
    provenance: Literal["real", "simulated"]
    licence: str = ""
    attribution: str = ""
    currency: str = "CNY"
    base_year: int | None = None
    deflator: Deflator | None = None


class DesignPlan(Frozen):
    """[design]: columns and facts of the evaluation design."""

    unit: Decided | None = None
    cluster: Decided
    time: str | None = None
    first_treated: Decided | None = None
    treatment: Decided | None = None
    weights: str | None = None
    strata: str | None = None
    assignment: Assignment
    assigned_to: AssignedTo = "cluster"
    comparison: Comparison = "not_yet"
    period: Literal["month"] | None = None
    path: Literal["year"] | None = None
    anticipation: int = Field(default=0, ge=0)
    take_up: str | None = None
    demonstration: str | None = None

    @property
    def path_step(self) -> int:
        """How many rounds a point of the path before and after the start stands for: the months of a year, or one."""
        return 12 if self.path == "year" else 1

    @property
    def steps_ahead(self) -> int:
        """How many points of the path lie before adoption and may already be touched by it."""
        return self.anticipation // self.path_step


class Source(LedgerFields):
    """[[sources]]: one kind of raw file; `file` may be a pattern whose field becomes the round.

    Or rows of a PostgreSQL server: `database` names the environment variable, or the service, that has its address.
    """

    kind: Literal["roster", "survey", "ledger", "links", "requests", "backcheck", "prices"]
    file: str = ""
    database: Annotated[str, AfterValidator(_without_secrets)] | None = None
    key: tuple[str, ...] = Field(min_length=1)
    sheet: str | None = None
    table: str | None = None
    query: str | None = None
    encoding: str | None = None
    codebook: str | None = None
    where: dict[str, Value | tuple[Value, ...]] = Field(default_factory=dict)
    where_not: dict[str, Value | tuple[Value, ...]] = Field(default_factory=dict)
    until: datetime.date | None = None

    @model_validator(mode="after")
    def _from_one_place(self) -> Source:
        if bool(self.file) == (self.database is not None):
            raise ValueError("[[sources]] needs exactly one of file and database")
        if (self.where or self.where_not) and self.kind != "survey":
            raise ValueError(f"[[sources]] where and where_not are for the survey, not for a {self.kind}")
        if self.database is not None and self.kind not in {"roster", "survey"}:
            raise ValueError(f"[[sources]] database is for roster and survey; export the {self.kind} to .parquet")
        return self

    @property
    def chooses(self) -> bool:
        """Whether the plan is about some of its rows only."""
        return bool(self.where or self.where_not)

    @property
    def place(self) -> str:
        """Where the rows come from, as messages and pages call it."""
        return self.file or f"{self.database} {self.table or 'query'}"


class IndicatorPlan(Frozen):
    """[[indicators]]: one outcome, what it means and how it will be estimated, fixed before looking."""

    name: Name
    label: Text
    domain: Literal["income", "credit", "sales", "other"]
    unit: Decided
    role: Literal["primary", "secondary", "exploratory"] = "secondary"
    family: str
    better: Literal["higher", "lower"] = "higher"
    trivial: float | None = Field(default=None, ge=0)
    thresholds: tuple[float, ...] = ()
    winsorise: float | None = Field(default=None, gt=0.5, lt=1)
    poverty_line: float | None = Field(default=None, gt=0)
    weights: str | None = None
    running: str | None = None
    cutoff: float | None = None
    take_up: str | None = None
    estimator: str
    inference: str = "auto"
    robustness: tuple[str, ...] = ()
    words: Terms | None = None


class FunnelStep(Frozen):
    """[[funnel]]: one stage of taking part, a column of 0/1; it follows the stage `after`, else the one before it."""

    column: Name
    label: Text
    after: Name | None = None


class ChainStep(Frozen):
    """[[chain]]: one step of the chain of results, and the indicator that measures it, where one does."""

    stage: Literal["input", "activity", "output", "outcome"]
    label: Text
    indicator: Name | None = None


class Decomposition(Frozen):
    """[[decompositions]]: indicators that add up to another one, such as income by source."""

    total: Name
    parts: tuple[Name, ...] = Field(min_length=2)


class SubgroupValue(Frozen):
    """A value of a subgroup's column, as it stands in the data, and what pages call its households."""

    value: Value
    label: Text


class Subgroup(Frozen):
    """[[subgroups]]: a characteristic of households before the start, named before results are seen.

    Effects on the primary indicators are set against that of the first value.
    """

    column: Name
    label: Text
    values: tuple[SubgroupValue, ...] = Field(min_length=2)


class Cost(Frozen):
    """[[costs]]: one item of what the programme cost."""

    item: str
    amount_yuan: float = Field(ge=0)
    year: int
    range: tuple[float, float] | None = None


class CostEffectiveness(Frozen):
    """[cost_effectiveness]: the indicator whose gain is set against [[costs]], and how many unit-years gained it."""

    indicator: Name
    unit_years: float = Field(gt=0)


class MapPlan(Frozen):
    """[map]: a GeoJSON file in degrees (WGS 84). The property `key` of a feature names its village."""

    file: str
    key: str = "village_id"


class Disclosure(Frozen):
    """[disclosure]: smallest cells that may be shown."""

    min_households: int = Field(default=10, ge=1)
    min_villages: int = Field(default=2, ge=1)
    audience: Literal["public", "internal"] = "public"


class Truth(Frozen):
    """[truth]: the file with the known effects of a simulated programme."""

    file: str


def funnel_problems(steps: Sequence[FunnelStep]) -> Iterator[str]:
    """Yield what is wrong with a funnel: a stage follows one that does not stand before it, or is named twice."""
    stages = [s.column for s in steps]
    for n, step in enumerate(steps):
        if step.after is not None and step.after not in stages[:n]:
            yield f"[[funnel]] {step.column!r} comes after {step.after!r}, which is no stage before it"
    for column in sorted({c for c in stages if stages.count(c) > 1}):
        yield f"[[funnel]] names {column!r} twice"


CUTOFF_ESTIMATOR = "discontinuity"


def cutoff_problems(plan: IndicatorPlan) -> Iterator[str]:
    """Yield what is wrong with an indicator's cut-off: its entries stand together, and only beside `discontinuity`."""
    if plan.estimator == CUTOFF_ESTIMATOR and (plan.running is None or plan.cutoff is None):
        yield f"indicator {plan.name!r}: {CUTOFF_ESTIMATOR} needs running (the score) and cutoff"
    if plan.estimator != CUTOFF_ESTIMATOR and (plan.running, plan.cutoff, plan.take_up) != (None, None, None):
        yield f'indicator {plan.name!r}: running, cutoff and take_up are for estimator = "{CUTOFF_ESTIMATOR}"'


def at_cutoff(plan: IndicatorPlan) -> dict[str, Any]:
    """Return what a cut-off changes in the design: one cross-section of those with a score, assigned one by one."""
    absent = dict.fromkeys(("time", "first_treated", "treatment", "strata"))
    chosen = {"running": plan.running, "cutoff": plan.cutoff, "take_up": plan.take_up}
    return {**absent, **chosen, "anticipation": 0, "assignment": "threshold", "assigned_to": "unit"}
