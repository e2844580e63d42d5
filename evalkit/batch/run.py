"""run_batch: reuse what has not changed, execute the rest in worker processes, write the list and the manifest."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

from evalkit import __version__
from evalkit.batch.differencing import REASON, telling_pages
from evalkit.batch.engines import engine_named
from evalkit.batch.execute import Outcome, execute, record_failure
from evalkit.batch.kernel import set_environment
from evalkit.batch.listing import write_index
from evalkit.batch.manifest import Row, kept_rows, read_rows, remove_stale, reusable, row_of, write_manifest
from evalkit.batch.plan import Plan, Run
from evalkit.batch.progress import progress
from evalkit.batch.store import write_if_changed
from evalkit.programme import load
from evalkit.report.page import asset_bytes

LOST = "The process that ran the notebook was ended from outside, perhaps for want of memory."


@dataclass(frozen=True, slots=True)
class Settings:
    """How a batch runs. ``workers`` None = one for each core; ``only_failed`` runs what failed last time only."""

    out: Path = Path("findings")
    workers: int | None = None
    engine: str = "papermill"
    fresh: bool = False
    only_failed: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """How a batch ended: number of runs by state, and the list of pages."""

    done: int
    failed: int
    reused: int
    index: Path


def run_batch(plan: Plan, settings: Settings) -> Result:
    """Execute a plan.

    Pages, notebooks and numbers are written as each run ends, so that what is finished stays when the batch is ended;
    a run that fails leaves a page with the plain reason and does not stop the others.

    Raises
    ------
    UsageError
        The engine is unknown.
    """
    engine_named(settings.engine)
    old = read_rows(settings.out)
    _write_assets(settings.out)
    rows = {run.page: _reused(run, old[run.page]) for run in plan.runs if _keep(run, old, settings)}
    todo = [run for run in plan.runs if run.page not in rows and _wanted(run, old, settings)]
    rest = kept_rows(old, plan)
    with progress(len(todo)) as show:
        for run, outcome in _outcomes(todo, settings):
            rows[run.page] = row_of(run, outcome)
            show(run, outcome)
            write_manifest(settings.out, [*rest, *rows.values()])
    _withhold_telling(plan, settings.out, rows)
    ordered = [*(rows[run.page] for run in plan.runs if run.page in rows), *rest]
    remove_stale(settings.out, old, ordered)
    write_manifest(settings.out, ordered)
    index = write_index(settings.out, ordered, plan, __version__)
    states = [rows[run.page]["state"] for run in plan.runs if run.page in rows]
    return Result(states.count("done"), states.count("failed"), states.count("reused"), index)


def _withhold_telling(plan: Plan, out: Path, rows: dict[str, Row]) -> None:
    """Put a page that says why in place of each whose counts tell on another page's."""
    runs = {run.page: run for run in plan.runs}
    for folder in {run.folder for run in plan.runs}:
        mine = [row for page, row in rows.items() if runs[page].folder == folder]
        for page in telling_pages(out, mine, load(folder).disclosure):
            old = rows[page]
            rows[page] = row_of(runs[page], record_failure(runs[page], out, REASON))
            remove_stale(out, {page: old}, [rows[page]])


def _keep(run: Run, old: Mapping[str, Row], settings: Settings) -> bool:
    return not settings.fresh and reusable(run, old.get(run.page), settings.out)


def _wanted(run: Run, old: Mapping[str, Row], settings: Settings) -> bool:
    return not settings.only_failed or old.get(run.page, {}).get("state") == "failed"


def _reused(run: Run, row: Row) -> Row:
    outcome = Outcome("reused", row["seconds"], None, tuple(row["files"]), row.get("summary", {}))
    return row_of(run, outcome)


def _write_assets(out: Path) -> None:
    for name, content in asset_bytes().items():
        write_if_changed(out / "assets" / name, content)


def _outcomes(runs: Sequence[Run], settings: Settings) -> Iterator[tuple[Run, Outcome]]:
    """Yield each run as it ends; runs whose pool broke are tried once more, each alone."""
    if not runs:
        return
    workers = min(settings.workers or os.cpu_count() or 1, len(runs))
    lost: list[Run] = []
    for run, outcome in _pooled(runs, replace(settings, workers=workers)):
        if outcome is None:
            lost.append(run)
        else:
            yield run, outcome
    for run in lost:
        again = [outcome for _, outcome in _pooled([run], replace(settings, workers=1))]
        yield run, again[0] or record_failure(run, settings.out, LOST)


def _pooled(runs: Sequence[Run], settings: Settings) -> Iterator[tuple[Run, Outcome | None]]:
    """Execute runs in a pool of fresh processes; None for a run that went down with the pool."""
    workers = settings.workers or 1
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=set_environment, initargs=(workers,))
    try:
        futures: dict[Future[Outcome], Run] = {
            pool.submit(execute, r, settings.out.resolve(), settings.engine): r for r in runs
        }
        for future in as_completed(futures):
            yield futures[future], _result(future, futures[future], settings.out)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _result(future: Future[Outcome], run: Run, out: Path) -> Outcome | None:
    try:
        return future.result()
    except BrokenProcessPool:
        return None
    except Exception as error:  # whatever one run meets, the others go on and its page says why
        reason = type(error).__name__ if not run.internal else f"{type(error).__name__}: {error}"
        return record_failure(run, out, reason)
