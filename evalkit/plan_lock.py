"""The plan as it was fixed before results were seen, and how today's programme.toml departs from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.cache import hash_of
from evalkit.errors import PlanError
from evalkit.programme import Programme

LOCK_NAME = "plan.lock.json"
WORDING = ("label", "words")
"""Entries that say nothing about what is estimated."""


@dataclass(frozen=True, slots=True)
class PlanLock:
    """A fixed plan: the day on which it was fixed (ISO), its hash, and every entry by its path."""

    locked_on: str
    plan_hash: str
    entries: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One entry that differs from the fixed plan; None = it was not there, or is no longer."""

    entry: str
    planned: str | None
    now: str | None


def plan_entries(programme: Programme) -> dict[str, Any]:
    """Return what decides the estimates, by path: ``design.cluster``, ``indicators.sales_yuan.role``."""
    entries = {f"design.{k}": v for k, v in programme.design.model_dump(mode="json").items()}
    entries["programme.base_year"] = programme.about.base_year
    entries |= {f"sources.{k}.{c}": v for k in ("where", "where_not") for c, v in _chosen(programme, k).items()}
    entries |= {f"subgroups.{s.column}": [v.value for v in s.values] for s in programme.subgroups}
    dose = programme.dose
    entries |= (
        {} if dose is None else {f"dose.{k}": v for k, v in dose.model_dump(mode="json", exclude={*WORDING}).items()}
    )
    for plan in programme.indicators:
        values = plan.model_dump(mode="json", exclude={"name", *WORDING})
        entries |= {f"indicators.{plan.name}.{k}": v for k, v in values.items()}
    return entries


def _chosen(programme: Programme, entry: str) -> dict[str, Any]:
    """Return which rows the plan is about, by column; in a lock only where it is not about all."""
    return {column: value for s in programme.sources for column, value in s.model_dump(mode="json")[entry].items()}


def lock_plan(programme: Programme, day: str) -> PlanLock:
    """Fix a plan on a day (ISO date)."""
    entries = plan_entries(programme)
    return PlanLock(day, hash_of(entries), entries)


def lock_file(programme: Programme) -> Path:
    """Return where a programme's fixed plan stands."""
    return programme.folder / LOCK_NAME


def read_lock(programme: Programme) -> PlanLock | None:
    """Read the fixed plan; None where none was fixed.

    Raises
    ------
    PlanError
        The file is damaged, or its entries were changed after they were fixed.
    """
    file = lock_file(programme)
    if not file.is_file():
        return None
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        lock = PlanLock(str(values["locked_on"]), str(values["plan_hash"]), dict(values["entries"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PlanError(
            str(file), f"it cannot be read ({error})", "the file as it was written", "restore it"
        ) from error
    if hash_of(lock.entries) != lock.plan_hash:
        raise PlanError(
            str(file),
            "its entries do not give the hash that it states: it was changed after the plan was fixed",
            "the file as evalkit plan lock wrote it",
            "restore it; changes of plan belong into programme.toml, and pages list them",
        )
    return lock


def lock_text(lock: PlanLock) -> str:
    """Return the fixed plan as the text of its file."""
    values = {"locked_on": lock.locked_on, "plan_hash": lock.plan_hash, "entries": dict(lock.entries)}
    return json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def deviations(programme: Programme, lock: PlanLock, indicator: str | None = None) -> tuple[Deviation, ...]:
    """Return the entries that differ from the fixed plan; of one indicator only, with those of the design."""
    now = plan_entries(programme)
    both = sorted({*lock.entries, *now})
    own = [e for e in both if indicator is None or not e.startswith("indicators.") or e.split(".")[1] == indicator]
    return tuple(
        Deviation(e, _shown(lock.entries, e), _shown(now, e)) for e in own if _shown(lock.entries, e) != _shown(now, e)
    )


def _shown(entries: Mapping[str, Any], entry: str) -> str | None:
    value = entries.get(entry)
    if value is None or value == []:
        return None
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
