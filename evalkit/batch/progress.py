"""Progress of a batch: a live table on a terminal, plain lines elsewhere; the slowest and the failed at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from evalkit.batch.execute import FAILED, Outcome
from evalkit.batch.plan import Run
from evalkit.errors import visible

SLOWEST = 3
SHOWN_FAILED = 10


class Progress(Protocol):
    """Is told of each run that starts and ends."""

    def started(self, run: Run) -> None:
        """Show a run that goes on."""

    def ended(self, run: Run, outcome: Outcome) -> None:
        """Show an ended run."""


@contextmanager
def progress(total: int, stream: TextIO | None = None) -> Iterator[Progress]:
    """Yield what shows progress, and tell the slowest and the failed when all is over."""
    out = stream or sys.stderr
    seen: list[tuple[Run, Outcome]] = []
    if out.isatty():
        with _live(total, out, seen) as shown:
            yield shown
    else:
        yield Lines(total, out, seen)
    for line in summary(seen):
        print(line, file=out, flush=True)


class Lines:
    """One line for each ended run."""

    def __init__(self, total: int, out: TextIO, seen: list[tuple[Run, Outcome]]) -> None:
        self._total, self._out, self._seen = total, out, seen

    def started(self, run: Run) -> None:
        """Nothing: a log is not a screen."""

    def ended(self, run: Run, outcome: Outcome) -> None:
        """Print the run's line."""
        self._seen.append((run, outcome))
        print(f"[{len(self._seen)}/{self._total}] {described(run, outcome)}", file=self._out, flush=True)


class Table:
    """A live table: a bar, the runs that go on with their seconds, and how many failed."""

    def __init__(self, total: int, console: Any, seen: list[tuple[Run, Outcome]]) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("notebooks"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self.bar = Bar(*columns, console=console)
        self._task, self._seen = self.bar.add_task("notebooks", total=total), seen
        self._since: dict[str, tuple[Run, float]] = {}

    def started(self, run: Run) -> None:
        """Show the run among those that go on."""
        self._since[run.page] = (run, time.monotonic())

    def ended(self, run: Run, outcome: Outcome) -> None:
        """Advance the bar; a failure stays on the screen."""
        self._seen.append((run, outcome))
        self._since.pop(run.page, None)
        self.bar.advance(self._task)
        if outcome.state == "failed":
            from rich.text import Text

            self.bar.console.print(Text(described(run, outcome), style="red"))

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.table import Table as Grid
        from rich.text import Text

        grid = Grid.grid(padding=(0, 2))
        for run, since in list(self._since.values()):
            grid.add_row(Text(named(run)), Text(f"{time.monotonic() - since:.0f} s", style="dim"))
        failed = sum(outcome.state == "failed" for _, outcome in self._seen)
        return Group(self.bar, grid, *([Text(f"{failed} failed", style="red")] if failed else []))


@contextmanager
def _live(total: int, out: TextIO, seen: list[tuple[Run, Outcome]]) -> Iterator[Progress]:
    from rich.console import Console
    from rich.live import Live

    console = Console(file=out)
    table = Table(total, console, seen)
    with Live(table, console=console, refresh_per_second=4):
        yield table


def named(run: Run) -> str:
    """Return what a run is called on the screen."""
    what = " ".join(str(v) for k, v in run.parameters.items() if k != "programme")
    return visible(f"{run.programme} {run.notebook} {what}").rstrip()


def described(run: Run, outcome: Outcome) -> str:
    """Return one line about an ended run."""
    reason = f": {outcome.error}" if outcome.error else ""
    return f"{named(run)}: {outcome.state} ({outcome.seconds:.1f} s){reason}"


def summary(seen: list[tuple[Run, Outcome]]) -> list[str]:
    """Return lines about the slowest runs, and every failed one (the first of them where there are many)."""
    slowest = sorted(seen, key=lambda x: -x[1].seconds)[:SLOWEST]
    failed = [(run, outcome) for run, outcome in seen if outcome.state == "failed"]
    lines = ["slowest: " + ", ".join(f"{named(r)} {o.seconds:.1f} s" for r, o in slowest)] if len(seen) > 1 else []
    lines += [f"failed: {named(r)}: {o.error}{_whole(o)}" for r, o in failed[:SHOWN_FAILED]]
    return lines + ([f"… and {len(failed) - SHOWN_FAILED} more failed"] if len(failed) > SHOWN_FAILED else [])


def _whole(outcome: Outcome) -> str:
    """Say where the whole message stands, of which the page tells only what may be published."""
    file = next((name for name in outcome.files if name.endswith(FAILED)), None)
    return "" if file is None else f" (whole message: {file}, beside the pages)"
