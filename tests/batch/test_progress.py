"""Plain lines where nobody watches, a live table on a terminal, the slowest and the failed at the end."""

from __future__ import annotations

import io
from pathlib import Path

from evalkit.batch.execute import Outcome
from evalkit.batch.plan import Run
from evalkit.batch.progress import SHOWN_FAILED, progress, summary


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(name: str) -> Run:
    values = {"programme": "p", "indicator": name}
    return Run(name, "p", Path(), "impact", Path(), values, f"p/impact-{name}.html", False, "both")


def test_lines_count_and_tell_the_reason():
    out = io.StringIO()
    with progress(2, out) as show:
        show.started(run("a"))
        show.ended(run("a"), Outcome("done", 1.25))
        show.ended(run("b"), Outcome("failed", 0.5, "rows: none."))
    assert out.getvalue().splitlines() == [
        "[1/2] p impact a: done (1.2 s)",
        "[2/2] p impact b: failed (0.5 s): rows: none.",
        "slowest: p impact a 1.2 s, p impact b 0.5 s",
        "failed: p impact b: rows: none.",
    ]


def test_the_file_with_the_whole_message_is_named():
    """A public run that failed tells on its page only what may be published."""
    files = {"p/impact-b.html": "0", "internal/p/impact-b.failed.txt": "1"}
    lines = summary([(run("b"), Outcome("failed", 0.5, "not shown", files)), (run("c"), Outcome("failed", 0.5, "x"))])
    assert lines[1:] == [
        "failed: p impact b: not shown (whole message: internal/p/impact-b.failed.txt, beside the pages)",
        "failed: p impact c: x",
    ]


def test_a_terminal_shows_what_goes_on_and_keeps_failures():
    out = Terminal()
    with progress(3, out) as show:
        show.started(run("[bold]odd"))
        show.started(run("b"))
        show.ended(run("b"), Outcome("failed", 0.5, "no [red] rows"))
    text = out.getvalue()
    assert "p impact [bold]odd" in text
    assert "p impact b: failed (0.5 s): no [red] rows" in text
    assert "1/3" in text
    assert "1 failed" in text


def test_many_failures_are_cut_and_counted():
    seen = [(run(f"i{n}"), Outcome("failed", 1.0, "x")) for n in range(SHOWN_FAILED + 2)]
    lines = summary(seen)
    assert sum(line.startswith("failed: ") for line in lines) == SHOWN_FAILED
    assert lines[-1] == "… and 2 more failed"


def test_nothing_run_is_nothing_told():
    assert summary([]) == []
