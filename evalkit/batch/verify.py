"""Verifying a findings folder: every finding is computed again and compared, every regression headline is refitted."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from evalkit.batch.manifest import Row, read_rows
from evalkit.batch.plan import Plan, Request, Run, make_plan
from evalkit.batch.refit import agrees, refit
from evalkit.batch.run import Settings, run_batch
from evalkit.errors import EvalkitError, PlanError
from evalkit.panel import Panel
from evalkit.programme import load

ORIGIN = "provenance"
ABSENT = "nothing"
State = Literal["equal", "origin", "changed", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class Refit:
    """A headline as it is stored, and as statsmodels gives it from the rows."""

    stored: float
    refitted: float
    agrees: bool


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of a finding when it was computed again.

    ``equal``: to the byte; ``origin``: only files, code or versions that it names are others, all results are equal;
    ``changed``: results differ; ``failed``: it cannot be computed now; ``gone``: no plan asks for it any more.
    ``changes`` names each value that differs, or the reason of a failure; ``refit`` is None for what is no regression.
    """

    page: str
    state: State
    changes: tuple[str, ...] = ()
    refit: Refit | None = None

    @property
    def is_right(self) -> bool:
        """Whether the results are the same, also by the second way."""
        return self.state in ("equal", "origin") and (self.refit is None or self.refit.agrees)


def verify(folder: Path, settings: Settings) -> list[Verified]:
    """Compute all findings of a folder again, elsewhere; the folder itself is only read.

    Raises
    ------
    PlanError
        There is no manifest with findings, or a programme is gone.
    """
    rows = [row for row in read_rows(folder).values() if _numbers(row) is not None]
    if not rows:
        raise PlanError(
            str(folder), "no manifest names a finding", "a folder that `evalkit run` wrote", "correct the folder"
        )
    planned = _planned(rows)
    runs = tuple(planned[row["page"]] for row in rows if row["page"] in planned)
    with tempfile.TemporaryDirectory(prefix="evalkit-verify-") as fresh:
        run_batch(Plan(runs, frozenset()), replace(settings, out=Path(fresh)))
        again = read_rows(Path(fresh))
        return [_verified(row, planned.get(row["page"]), folder, again, Path(fresh)) for row in rows]


def _planned(rows: Sequence[Row]) -> dict[str, Run]:
    """Return the run of each page, for the audience that it was made for."""
    names, stored = tuple(sorted({row["programme"] for row in rows})), {row["page"]: row["id"] for row in rows}
    found: dict[str, Run] = {}
    for audience in ("public", "internal"):
        for run in make_plan(Request(names, audience=audience)).runs:
            if run.page not in found or run.id == stored.get(run.page):
                found[run.page] = run
    return found


def differences(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """Yield the path of each value that differs, with both values; lists are compared place by place."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key, ABSENT), new.get(key, ABSENT), f"{where}.{key}" if where else key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from differences(a, b, f"{where}[{place}]")
    elif old != new or type(old) is not type(new):
        yield f"{where}: {_short(old)} → {_short(new)}"


def _verified(row: Row, run: Run | None, folder: Path, again: Mapping[str, Row], fresh: Path) -> Verified:
    page = row["page"]
    if run is None:
        return Verified(page, "gone")
    if page not in again or _numbers(again[page]) is None:
        return Verified(page, "failed", (str(again.get(page, {}).get("error") or "it hands on no finding now"),))
    name = str(_numbers(row))
    stored, computed = (
        (where / name).read_bytes() if (where / name).is_file() else b"null" for where in (folder, fresh)
    )
    old = json.loads(stored)
    changes = tuple(differences(old, json.loads(computed)))
    results = [c for c in changes if not c.startswith(ORIGIN)]
    state: State = "changed" if results else "origin" if changes or stored != computed else "equal"
    return Verified(page, state, changes, _refit(run, old))


def _numbers(row: Row) -> str | None:
    """Return the name of a run's file of numbers, or None."""
    return next((name for name in row["files"] if name.endswith(".json")), None)


def _refit(run: Run, finding: Any) -> Refit | None:
    """Refit the headline of an indicator's finding, where it shows one."""
    main: Sequence[Mapping[str, Any]] = finding.get("main") or () if isinstance(finding, dict) else ()
    headline = next((r for r in main if r["term"] == "att" and r["estimate"] is not None), None)
    if headline is None or "indicator" not in run.parameters:
        return None
    try:
        panel = Panel.from_programme(load(run.folder), run.parameters["indicator"])
        value = refit(panel, headline["estimator"])
    except EvalkitError:  # the run itself has failed for this reason, and says so
        return None
    stored = float(headline["estimate"])
    return (
        None
        if value is None
        else Refit(stored, value, agrees(stored, value, headline["std_error"], finding.get("decimals")))
    )


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
