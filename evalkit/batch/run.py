"""run_batch: reuse what has not changed, execute the rest in worker processes, write the list and the manifest."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from evalkit.batch import journal
from evalkit.batch.collected import write_collected
from evalkit.batch.engines import engine_named
from evalkit.batch.execute import Outcome, record_failure
from evalkit.batch.listing import write_index
from evalkit.batch.machine import free_bytes, memory_share, workers_for
from evalkit.batch.manifest import Row, kept_rows, read_rows, remove_stale, reusable, row_of, write_manifest
from evalkit.batch.pdf import drop_outdated, public_pages
from evalkit.batch.plan import Plan, Run
from evalkit.batch.pool import Ended, Limits, Started, carry_out, not_stored
from evalkit.batch.progress import Progress, progress
from evalkit.batch.singles import write_singles
from evalkit.batch.store import sweep, write_if_changed
from evalkit.batch.withdrawn import withdraw, withhold_telling
from evalkit.batch.worker import log_of
from evalkit.batch.workers import can_fork, source_of_workers
from evalkit.cache import cache_folder, sweep_cache
from evalkit.report.page import asset_bytes

TIME_LIMIT = 1800.0
TURN = {"impact": 0, "quality": 1, "programme": 2, "claims": 3, "power": 3, "village": 4}
"""When notebooks have their turn."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a batch runs.

    ``workers`` None = one for each core, fewer where memory is short; ``only_failed`` runs what failed last time only;
    ``seconds`` and ``bytes`` are what one run may take (None bytes = a fair share of what is free); ``fork`` None =
    where the system can. ``self_contained`` also writes each public page as one file. ``cluster`` is the address of a
    Dask scheduler whose workers execute in place of this machine's.
    """

    out: Path = Path("findings")
    workers: int | None = None
    engine: str = "fork"
    fresh: bool = False
    only_failed: bool = False
    seconds: float | None = TIME_LIMIT
    bytes: int | None = None
    fork: bool | None = None
    self_contained: bool = False
    cluster: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a batch ended: number of runs by state, the list of pages, and whether it was stopped before its end."""

    done: int
    failed: int
    reused: int
    index: Path
    stopped: bool = False


def run_batch(plan: Plan, settings: Settings) -> Result:
    """Execute a plan.

    Pages, notebooks and numbers are written as each run ends and then entered in the journal, so that what is finished
    stays when the batch is ended; a run that fails leaves a page with the plain reason and does not stop the others.

    Raises
    ------
    UsageError
        The engine is unknown, or another run writes to the folder.
    DataError
        The folder cannot be written to.
    """
    engine_named(settings.engine)
    with told_plainly(), journal.alone_in(settings.out):
        sweep(settings.out)
        shared = settings.out / journal.FOLDER / journal.EVALUATED
        shutil.rmtree(shared, ignore_errors=True)  # of a batch that was killed
        for folder in {run.folder for run in plan.runs}:
            sweep_cache(cache_folder(folder))
        old = journal.read(settings.out) or read_rows(settings.out)
        _write_assets(settings.out)
        rows = {run.page: _reused(run, old[run.page]) for run in plan.runs if _keep(run, old, settings)}
        todo = [run for run in plan.runs if run.page not in rows and _wanted(run, old, settings)]
        rows |= {run.page: _as_it_was(run, old) for run in plan.runs if _left_alone(run, old, rows, settings)}
        stopped = _execute_all(in_turn(todo), settings, rows)
        shutil.rmtree(shared, ignore_errors=True)
        return _conclude(plan, settings, old, rows, stopped=stopped)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Tell of a findings folder that cannot be written to by message."""
    try:
        yield
    except OSError as error:
        raise not_stored(error.strerror or str(error)) from error
    except sqlite3.OperationalError as error:
        raise not_stored(str(error)) from error


def in_turn(runs: Sequence[Run]) -> list[Run]:
    """Return runs in the order of their execution, in which little is done twice and no long one is left for the end.

    Programmes take turns, so that no two workers read the same raw files; pages of indicators come before those that
    use their findings; the many short pages of villages come last. Other notebooks keep their order.
    """
    seen: Counter[tuple[str, int]] = Counter()
    places = []
    for run in runs:
        rank = TURN.get(run.notebook, 0)
        seen[run.programme, rank] += 1
        places.append((rank, seen[run.programme, rank]))
    return [run for _, run in sorted(zip(places, runs, strict=True), key=lambda one: one[0])]


def _execute_all(todo: Sequence[Run], settings: Settings, rows: dict[str, Row]) -> bool:
    """Execute runs and add their rows; return whether Ctrl-C has ended it."""
    if not todo:
        return False
    try:
        with progress(len(todo)) as show, closing(_carried_out(todo, settings)) as events:
            for event in events:
                _note(event, settings, rows, show)
    except KeyboardInterrupt:
        return True
    return False


def _carried_out(todo: Sequence[Run], settings: Settings) -> Generator[Started | Ended]:
    """Yield runs as they start and end, on the cluster or in processes of this machine."""
    out = settings.out.resolve()
    if settings.cluster is not None:
        from evalkit.batch.cluster import carry_out_on

        limits = Limits(1, settings.seconds, settings.bytes)
        yield from carry_out_on(settings.cluster, todo, limits, out, settings.engine)
        return
    free = free_bytes()
    workers = workers_for(len(todo), settings.workers, free)
    limits = Limits(workers, settings.seconds, settings.bytes or memory_share(workers, free))
    fork = can_fork() if settings.fork is None else settings.fork
    with source_of_workers(workers, fork=fork) as hire:
        yield from carry_out(todo, hire, limits, out, settings.engine)


def _note(event: Started | Ended, settings: Settings, rows: dict[str, Row], show: Progress) -> None:
    """Show an event; keep the row of a run that has ended."""
    if not isinstance(event, Ended):
        show.started(event.run)
        return
    outcome = event.outcome or record_failure(event.run, settings.out, event.reason, event.seconds)
    row = rows[event.run.page] = row_of(event.run, outcome)
    if event.outcome is None:
        journal.enter(settings.out, [row])
    show.ended(event.run, outcome)


def _conclude(plan: Plan, settings: Settings, old: Mapping[str, Row], rows: dict[str, Row], *, stopped: bool) -> Result:
    """Write manifest and list; unless the batch was stopped, remove what is planned no longer."""
    out = settings.out
    rest = withhold_telling(plan, out, rows, withdraw(plan, out, kept_rows(old, plan)))
    ordered = [*(rows[run.page] for run in plan.runs if run.page in rows), *rest]
    if not stopped:
        remove_stale(out, old, ordered)
        gone = old.keys() - {row["page"] for row in ordered}
        journal.remove(out, gone)
        for page in gone:
            log_of(out, page).unlink(missing_ok=True)
    lang = plan.runs[0].lang if plan.runs else "both"
    write_manifest(out, ordered, lang, plan.shard)
    write_collected(out, ordered)
    write_singles(out, ordered, frozenset(r.page for r in plan.runs) if settings.self_contained else frozenset())
    drop_outdated(out, public_pages(ordered))
    index = write_index(out, ordered, {run.programme: run.folder for run in plan.runs}, lang)
    states = [rows[run.page]["state"] for run in plan.runs if run.page in rows]
    return Result(states.count("done"), states.count("failed"), states.count("reused"), index, stopped)


def _keep(run: Run, old: Mapping[str, Row], settings: Settings) -> bool:
    return not settings.fresh and reusable(run, old.get(run.page), settings.out)


def _wanted(run: Run, old: Mapping[str, Row], settings: Settings) -> bool:
    return not settings.only_failed or old.get(run.page, {}).get("state") == "failed"


def _left_alone(run: Run, old: Mapping[str, Row], rows: Mapping[str, Row], settings: Settings) -> bool:
    """Whether a run that is not tried again has an earlier page, perhaps of older inputs, which stays."""
    return run.page in old and run.page not in rows and not _wanted(run, old, settings)


def _as_it_was(run: Run, old: Mapping[str, Row]) -> Row:
    return {**old[run.page], "state": "reused"}


def _reused(run: Run, row: Row) -> Row:
    outcome = Outcome("reused", row["seconds"], None, row["sha256"], row.get("summary", {}))
    return row_of(run, outcome)


def _write_assets(out: Path) -> None:
    for name, content in asset_bytes().items():
        write_if_changed(out / "assets" / name, content)
