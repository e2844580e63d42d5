"""Programme: the one file (programme.toml) in which an evaluator says what is evaluated and how."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, model_validator

from evalkit.design import Design
from evalkit.dose_plan import DosePlan, dose_problems, path_problems, threshold_problems
from evalkit.errors import PlanError, nearest
from evalkit.plan_tables import (
    UNDECIDED,
    USUAL,
    About,
    ChainStep,
    Cost,
    CostEffectiveness,
    Decomposition,
    Deflator,
    DesignPlan,
    Disclosure,
    Frozen,
    FunnelStep,
    IndicatorPlan,
    MapPlan,
    Source,
    Subgroup,
    Terms,
    Text,
    Truth,
    Value,
    at_cutoff,
    cutoff_problems,
    funnel_problems,
)
from evalkit.quality_plan import QualityPlan
from evalkit.toml_file import toml_of, toml_text

__all__ = [
    "FILE_NAME",
    "SCHEMA_VERSION",
    "UNDECIDED",
    "About",
    "ChainStep",
    "Cost",
    "CostEffectiveness",
    "Decomposition",
    "Deflator",
    "DesignPlan",
    "Disclosure",
    "DosePlan",
    "FunnelStep",
    "IndicatorPlan",
    "MapPlan",
    "Programme",
    "Source",
    "Subgroup",
    "Terms",
    "Text",
    "Truth",
    "Value",
    "load",
]

FILE_NAME = "programme.toml"
SCHEMA_VERSION = 1
MIGRATE = " (evalkit migrate PROGRAMME shows what to add)"


class Programme(Frozen):
    """A validated programme.toml and the folder that it stands in."""

    schema_version: Literal[1]
    about: About = Field(alias="programme")
    design: DesignPlan
    sources: tuple[Source, ...] = Field(min_length=1)
    indicators: tuple[IndicatorPlan, ...] = Field(min_length=1)
    chain: tuple[ChainStep, ...] = ()
    funnel: tuple[FunnelStep, ...] = ()
    decompositions: tuple[Decomposition, ...] = ()
    subgroups: tuple[Subgroup, ...] = ()
    dose: DosePlan | None = None
    costs: tuple[Cost, ...] = ()
    cost_effectiveness: CostEffectiveness | None = None
    map: MapPlan | None = None
    disclosure: Disclosure = Disclosure()
    truth: Truth | None = None
    quality: QualityPlan = QualityPlan()
    words: Terms = USUAL
    folder: Path

    @model_validator(mode="after")
    def _consistent(self) -> Programme:
        problems = []
        names = [i.name for i in self.indicators]
        problems += [f"indicator {n!r} is named twice" for n in sorted({n for n in names if names.count(n) > 1})]
        gained = self.cost_effectiveness
        if gained is not None and gained.indicator not in names:
            problems.append(
                f"[cost_effectiveness] names {gained.indicator!r}, no indicator ({nearest(gained.indicator, names)})"
            )
        if gained is not None and not self.costs:
            problems.append("[cost_effectiveness] needs [[costs]]")
        named = {
            "decompositions": {n for d in self.decompositions for n in (d.total, *d.parts)},
            "chain": {s.indicator for s in self.chain if s.indicator is not None},
        }
        problems += [
            f"[[{table}]] names {n!r}, which is no indicator ({nearest(n, names)})"
            for table, used in named.items()
            for n in sorted(used - set(names))
        ]
        if (self.design.first_treated is None) == (self.design.treatment is None):
            problems.append("[design] needs exactly one of first_treated and treatment")
        problems += funnel_problems(self.funnel)
        problems += path_problems(self.indicators, self.design)
        problems += dose_problems(self.dose, self.design, {s.kind for s in self.sources})
        if self.truth is not None and self.about.provenance == "real":
            problems.append("[truth] is for simulated programmes only")
        if self.about.deflator is not None and self.about.base_year is None:
            problems.append("[programme] has a deflator and needs base_year")
        problems += [p for i in self.indicators for p in (*cutoff_problems(i), *threshold_problems(i, self.design))]
        if any(s.kind == "links" for s in self.sources) != (self.design.demonstration is not None):
            problems.append('a source of kind "links" and [design] demonstration need each other')
        if any(s.kind == "backcheck" for s in self.sources) != (self.quality.backcheck is not None):
            problems.append('a source of kind "backcheck" and [quality.backcheck] need each other')
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def id(self) -> str:
        """The programme's id."""
        return self.about.id

    @property
    def is_simulated(self) -> bool:
        """Whether the data are made up; every page says so."""
        return self.about.provenance == "simulated"

    def indicator(self, name: str) -> IndicatorPlan:
        """Return the plan of one indicator; raise PlanError naming the nearest where there is none."""
        for plan in self.indicators:
            if plan.name == name:
                return plan
        names = [i.name for i in self.indicators]
        raise PlanError(
            f"{self.id}, indicator",
            f"{name!r} is not in the plan ({nearest(name, names)})",
            f"one of the {len(names)} indicators of {FILE_NAME}",
            f"correct the name or add [[indicators]] to {FILE_NAME}",
        )

    def words_for(self, plan: IndicatorPlan) -> Terms:
        """Return what an indicator's pages call villages and households: its own words before the programme's."""
        own = plan.words
        return (
            self.words
            if own is None
            else self.words.model_copy(update={k: getattr(own, k) for k in own.model_fields_set})
        )

    def design_for(self, plan: IndicatorPlan) -> Design:
        """Return the Design with which one indicator is estimated."""
        values = {
            **self.design.model_dump(exclude={"demonstration", "period", "path"}),
            "weights": plan.weights or self.design.weights,
        }
        return Design(**(values if plan.running is None else {**values, **at_cutoff(plan)}))

    def __getitem__(self, name: str) -> IndicatorPlan:
        """Return the plan of one indicator, as `indicator` does; in JupyterLab, Tab completes the name."""
        return self.indicator(name)

    def _ipython_key_completions_(self) -> list[str]:
        return [plan.name for plan in self.indicators]

    def __repr__(self) -> str:
        names = ", ".join(i.name for i in self.indicators)
        return f"Programme({self.id!r}, {self.about.provenance}, indicators: {names})"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(i.name)}</td><td>{escape(i.label.en)}</td><td>{i.domain}</td><td>{escape(i.estimator)}</td></tr>"
            for i in self.indicators
        )
        head = "<tr><th>indicator</th><th>label</th><th>domain</th><th>estimator</th></tr>"
        name = f"<p><b>{escape(self.about.name.en)}</b> ({self.about.provenance})</p>"
        return f"{name}<table>{head}{rows}</table>"


def load(path: str | Path) -> Programme:
    """Read and validate a programme.

    Parameters
    ----------
    path : str or Path
        The programme's folder, or its programme.toml.

    Raises
    ------
    PlanError
        The file is missing, is not TOML, or does not fit the schema; all mistakes are told at once.
    """
    file = Path(path)
    file = file / FILE_NAME if file.is_dir() else file
    if not file.is_file():
        raise PlanError(
            str(file),
            "there is no such file",
            f"a folder with a {FILE_NAME}",
            f"give the path of a programme's folder, e.g. data_raw/moz_savings{_neighbours(file)}",
        )
    return _validated(file, file.parent.resolve(), toml_text(file))


@lru_cache(maxsize=16)
def _validated(file: Path, folder: Path, text: str) -> Programme:
    """Validate the text of a programme.toml; pages ask for the same one several times."""
    values = toml_of(text, str(file))
    version = values.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise PlanError(str(file), f"schema_version {version}", f"at most {SCHEMA_VERSION}", "update evalkit")
    try:
        return Programme.model_validate({**values, "folder": folder})
    except ValidationError as error:
        raise PlanError(
            str(file), _mistakes(error), "the schema of docs/programme.md", "correct each of them"
        ) from error


def _neighbours(file: Path) -> str:
    root = file.parent.parent if file.name == FILE_NAME else file.parent
    if not root.is_dir():
        return ""
    names = sorted(p.parent.name for p in root.glob(f"*/{FILE_NAME}"))
    wanted = file.parent.name if file.name == FILE_NAME else file.name
    return f" ({nearest(wanted, names)})" if names else ""


def _mistakes(error: ValidationError) -> str:
    errors = error.errors()
    deeper = {e["loc"][0] for e in errors if len(e["loc"]) > 1}
    found = [_mistake(e) for e in errors if e["type"] != "too_short" or e["loc"][0] not in deeper]
    count = f"{len(found)} mistake{'s' if len(found) > 1 else ''}"
    return f"{count}: " + "; ".join(f"({n}) {text}" for n, text in enumerate(found, 1))


def _mistake(error: Any) -> str:
    path = list(error["loc"])
    place = ".".join(str(p + 1) if isinstance(p, int) else str(p) for p in path) or "file"
    if error["type"] == "extra_forbidden":
        return f"{place} is not a known entry ({nearest(str(path[-1]), _siblings(path))})"
    if error["type"] == "missing":
        return f"{place} is missing{MIGRATE if place == 'schema_version' else ''}"
    if error["input"] == UNDECIDED:
        return f"{place} = {UNDECIDED!r}: a person must still decide this{_choice(error)}"
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    return f"{place} = {error['input']!r}: {error['msg']}"


def _choice(error: Any) -> str:
    """Return the words that an entry may have, where there are only some."""
    return f" ({error['ctx']['expected']})" if error["type"] == "literal_error" else ""


def _siblings(path: list[Any]) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "programme": About,
        "design": DesignPlan,
        "sources": Source,
        "indicators": IndicatorPlan,
        "chain": ChainStep,
        "funnel": FunnelStep,
        "decompositions": Decomposition,
        "subgroups": Subgroup,
        "dose": DosePlan,
        "costs": Cost,
        "cost_effectiveness": CostEffectiveness,
        "map": MapPlan,
        "disclosure": Disclosure,
        "truth": Truth,
        "quality": QualityPlan,
    }
    fields = models[path[0]].model_fields if len(path) > 1 and path[0] in models else Programme.model_fields
    return [f.alias or name for name, f in fields.items() if name != "folder"]
