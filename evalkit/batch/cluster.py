"""Runs on a Dask cluster: each machine executes in its own forked processes; this one stores what comes back.

Nothing but the scheduler is shared: runs go out as values, files come back as bytes, and are written here by the same
atomic store and entered in the same journal. Each machine has a copy of the project's folder with the same raw files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.batch import journal
from evalkit.batch.cluster_worker import Order, Parcel, carry
from evalkit.batch.manifest import row_of
from evalkit.batch.plan import Run
from evalkit.batch.pool import LOST, Ended, Limits, Started
from evalkit.batch.store import write_whole
from evalkit.batch.worker import log_of
from evalkit.cluster import connected, fingerprint
from evalkit.errors import DataError, EvalkitError

AHEAD = 2
"""Runs that are sent for each thread of the cluster at a time: one to work on and one that waits."""
LOOK_EVERY, WITHOUT_WORKERS = 1.0, 60.0
"""Seconds between looks at the cluster, and after which one without workers is given up."""


@dataclass(slots=True)
class _Waiting:
    """The seconds for which a cluster has had no worker."""

    seconds: float = 0.0

    def looked(self, n_threads: int) -> None:
        self.seconds = 0.0 if n_threads else self.seconds + LOOK_EVERY
        if self.seconds > WITHOUT_WORKERS:
            raise DataError(
                "the cluster",
                f"it has had no worker for {WITHOUT_WORKERS:.0f} seconds",
                "at least one worker",
                "start workers and run the same command again: what is done is kept",
            )


def carry_out_on(
    address: str, runs: Sequence[Run], limits: Limits, out: Path, engine: str
) -> Iterator[Started | Ended]:
    """Yield each run as it is sent and as it ends, stored; what a lost worker had is done again by another.

    Raises
    ------
    UsageError, PlanError
        As `evalkit.cluster.connected`.
    DataError
        A worker has other raw files or notebooks, the cluster has lost all workers, or the folder cannot be written to.
    """
    from distributed import wait

    with connected(address) as client, client.as_current():
        waiting, patience = list(reversed(runs)), _Waiting()
        sent: dict[Any, Run] = {}
        while waiting or sent:
            n_threads = sum(client.nthreads().values())
            patience.looked(n_threads)
            while waiting and len(sent) < max(1, AHEAD * n_threads):
                run = waiting.pop()
                sent[client.submit(carry, Order(run, limits, engine, fingerprint()), pure=False)] = run
                yield Started(run)
            try:
                done, _ = wait(list(sent), timeout=LOOK_EVERY, return_when="FIRST_COMPLETED")  # type: ignore[no-untyped-call]
            except TimeoutError:
                continue
            for future in done:
                event = _received(future, sent.pop(future), out)
                future.release()  # else the cluster would make it again, should its worker be lost later
                yield event


def _received(future: Any, run: Run, out: Path) -> Ended:
    """Store what has come back; a run whose workers were lost again and again has a page that says so."""
    from distributed.scheduler import KilledWorker

    error = future.exception()
    if isinstance(error, KilledWorker):
        return Ended(run, None, LOST)
    if isinstance(error, EvalkitError):
        raise error
    if error is not None:
        raise DataError(
            "the cluster",
            f"{run.page} could not be carried out there ({type(error).__name__}: {error})",
            "workers with evalkit from the same lock",
            "look at that worker's log, and run the same command again: what is done is kept",
        )
    return _stored(future.result(), run, out)


def _stored(parcel: Parcel, run: Run, out: Path) -> Ended:
    write_whole(log_of(out, run.page), parcel.log)
    if parcel.outcome is None:
        return Ended(run, None, parcel.reason, parcel.seconds)
    for name in parcel.outcome.files:
        write_whole(out / name, parcel.contents[name])
    journal.enter(out, [row_of(run, parcel.outcome)])
    return Ended(run, parcel.outcome, seconds=parcel.seconds)
