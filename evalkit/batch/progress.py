"""Progress of a batch: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from evalkit.batch.execute import Outcome
from evalkit.batch.plan import Run


class Progress(Protocol):
    """Is told of each run that ends."""

    def __call__(self, run: Run, outcome: Outcome) -> None:
        """Show one ended run."""


@contextmanager
def progress(total: int, stream: TextIO | None = None) -> Iterator[Progress]:
    """Return a function to call for each ended run."""
    out = stream or sys.stderr
    if out.isatty():
        with _bar(total) as show:
            yield show
        return
    done = 0

    def line(run: Run, outcome: Outcome) -> None:
        nonlocal done
        done += 1
        print(f"[{done}/{total}] {described(run, outcome)}", file=out, flush=True)

    yield line


def described(run: Run, outcome: Outcome) -> str:
    """Return one line about an ended run."""
    what = " ".join(str(v) for k, v in run.parameters.items() if k != "programme")
    name = f"{run.programme} {run.notebook} {what}".rstrip()
    return f"{name}: {outcome.state} ({outcome.seconds:.1f} s)" + (f": {outcome.error}" if outcome.error else "")


@contextmanager
def _bar(total: int) -> Iterator[Progress]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("notebooks", total=total)

        def show(run: Run, outcome: Outcome) -> None:
            if outcome.state == "failed":
                bar.console.print(escape(described(run, outcome)), style="red")
            bar.update(task, advance=1, description=escape(f"{run.programme} {run.notebook}"))

        yield show
