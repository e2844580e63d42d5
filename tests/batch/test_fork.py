"""The engine that forks: equal findings, a notebook's semantics, typed parameters, and a guard before each fork."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill  # noqa: F401  first: it loads the engines that are registered, evalkit's among them
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from evalkit.batch import Request, Settings, make_plan, run_batch
from evalkit.batch.cell import execute_cell
from evalkit.batch.shell import notebook_shell
from tests.batch.conftest import Project, notebook

IMPACT = """
import evalkit
from evalkit import report
from evalkit.batch import parameters
given = parameters.check(globals())
finding = evalkit.evaluate(given.programme, indicator="saved_q4")
%%
report.publish(finding)
"""
WORK = """
import polars as pl, statsmodels.api as sm, plotly.graph_objects as go
frame = pl.DataFrame({"g": [1, 2] * 500, "y": range(1000)}).group_by("g").agg(pl.col("y").mean()).sort("g")
fit = sm.OLS(frame["y"].to_numpy(), sm.add_constant(frame["g"].to_numpy())).fit()
%%
go.Figure(go.Scatter(x=[1, 2], y=fit.fittedvalues)).show()
"""


def shown(*sources: str, tags: tuple[str, ...] = ()) -> list:
    """Return the cells after they were executed, up to the first that stops a notebook."""
    cells = [new_code_cell(source, metadata={"tags": list(tags)}) for source in sources]
    with notebook_shell() as shell:
        for cell in cells:
            if not execute_cell(shell, cell):
                break
    return cells


def test_findings_are_equal_to_the_byte_between_engines_and_ways_to_start(project: Project):
    folder = project({"impact_one": IMPACT})
    ways = {"fork": ("fork", True), "papermill": ("papermill", True), "spawned": ("fork", False)}
    for out, (engine, fork) in ways.items():
        run_batch(make_plan(Request()), Settings(folder / out, 1, engine, fork=fork))
    bytes_of = {out: (folder / out / "moz_savings/impact_one.json").read_bytes() for out in ways}
    assert json.loads(bytes_of["fork"])["indicator"]["name"] == "saved_q4"
    assert len(set(bytes_of.values())) == 1
    for ending in ("html", "ipynb"):
        assert len({(folder / out / f"moz_savings/impact_one.{ending}").read_bytes() for out in ways}) == 1


def test_children_with_polars_statsmodels_and_plotly_neither_hang_nor_lose_a_figure(project: Project):
    folder = project({f"work_{i:02d}": WORK for i in range(24)})
    result = run_batch(make_plan(Request(audience="internal")), Settings(folder / "findings", seconds=60))
    assert (result.done, result.failed) == (24, 0)
    texts = [f.read_text(encoding="utf-8") for f in (folder / "findings/internal/moz_savings").glob("*.ipynb")]
    assert sum("application/vnd.plotly.v1+json" in text for text in texts) == 24


def test_parameters_arrive_with_their_types(root: Path, tmp_path: Path):
    declared = 'programme: str = "a"\ncount: int = 1\nshare: float = 0.5\nis_public: bool = True'
    notebook(tmp_path, "typed", "[type(v).__name__ for v in (programme, count, share, is_public)]", declared)
    from evalkit.batch.engines import fork_engine
    from evalkit.batch.plan import Run

    values = {"programme": "村", "count": 3, "share": 1e-9, "is_public": False}
    run = Run("1", "p", tmp_path, "typed", tmp_path / "typed.ipynb", values, "typed.html", False, "both")
    executed = fork_engine(run)
    assert executed.error is None
    assert executed.notebook.cells[-1].outputs[0].data["text/plain"] == "['str', 'int', 'float', 'bool']"
    assert not list(tmp_path.glob("*.tmp"))


def test_streams_are_joined_and_keep_their_order():
    (cell,) = shown("import sys\nprint('a'); print('b')\nprint('e', file=sys.stderr)\nprint('c')")
    assert [(o.name, o.text) for o in cell.outputs] == [("stdout", "a\nb\n"), ("stderr", "e\n"), ("stdout", "c\n")]


def test_displays_are_updated_and_cleared():
    first, second, third = shown(
        "handle = display('first', display_id='x')",
        "handle.update('second')",
        "from IPython.display import clear_output\nprint('gone')\nclear_output(wait=True)\nprint('stays')",
    )
    assert [o.data["text/plain"] for o in first.outputs] == ["'second'"]
    assert second.outputs == []
    assert [o.text for o in third.outputs] == ["stays\n"]


def test_results_are_numbered_and_remembered():
    _, second, third = shown("1 + 1", "_ * 10", "In[1], Out[2], __name__")
    assert (second.outputs[0].execution_count, second.outputs[0].data["text/plain"]) == (2, "20")
    assert third.outputs[0].data["text/plain"] == "('1 + 1', 20, '__main__')"


def test_magics_awaiting_and_shell_commands_work():
    echo, bash, slept = shown("!echo hi", "%%bash\necho there", "import asyncio\nawait asyncio.sleep(0)\n'slept'")
    assert echo.outputs[0].text.strip() == "hi"
    assert bash.outputs[0].text.strip() == "there"
    assert slept.outputs[0].data["text/plain"] == "'slept'"


@pytest.mark.parametrize(
    ("source", "name"), [("1/0", "ZeroDivisionError"), ("1 +", "SyntaxError"), ("input()", "EOFError")]
)
def test_an_error_stops_the_notebook_with_its_traceback(source: str, name: str):
    failed, after = shown(source, "print('not reached')")
    assert failed.outputs[-1].ename == name
    assert any(name in line for line in failed.outputs[-1].traceback)
    assert after.execution_count is None


def test_an_error_that_may_happen_does_not_stop_it():
    assert shown("1/0", "2", tags=("raises-exception",))[1].execution_count == 2


def test_a_second_notebook_knows_nothing_of_the_first_and_leaves_the_process_as_it_was():
    before = sys.stdout, sys.modules["__main__"], list(sys.path)
    shown("leaked = 1")
    (cell,) = shown("'leaked' in globals()")
    assert cell.outputs[0].data["text/plain"] == "False"
    assert (sys.stdout, sys.modules["__main__"], list(sys.path)) == before


def test_papermill_finds_the_engine_by_its_entry_point(root: Path):
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    assert '[project.entry-points."papermill.engine"]\nevalkit = "evalkit.batch.inprocess:InProcessEngine"' in text


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks, and tells a process's threads")
@pytest.mark.parametrize(
    ("deed", "thread"),
    [
        ("pass", None),
        ("import polars as pl; pl.DataFrame({'a': range(50_000, 0, -1)}).sort('a')", "polars-|tokio|python"),
        ("import threading, time; threading.Thread(target=time.sleep, args=(5,), daemon=True).start()", "python"),
    ],
    ids=["nothing", "polars", "thread"],
)
def test_a_parent_that_ran_polars_or_a_thread_is_refused(root: Path, deed: str, thread: str | None):
    code = f"from evalkit.batch.warm import warm, require_forkable\nthreads = warm()\n{deed}\nrequire_forkable(threads)"
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (result.returncode == 0) is (thread is None), result.stderr
    if thread is not None:
        assert "UsageError" in result.stderr
        named = result.stderr.split("it runs threads: ")[1]
        assert re.search(thread, named)  # one that has just begun is still called python


def test_the_executed_notebook_is_a_valid_one(project: Project):
    folder = project({"mixed": "print('x')\n%%\n{'a': 1}\n%%\n1/0"})
    result = run_batch(make_plan(Request()), Settings(folder / "findings", 1))
    assert result.failed == 1
    nbformat.validate(nbformat.read(folder / "findings/moz_savings/mixed.ipynb", as_version=4))
    log = (folder / "findings/internal/.batch/logs/moz_savings/mixed.log").read_text(encoding="utf-8")
    assert "x\n" in log
    assert "ZeroDivisionError: division by zero" in log
    assert "\x1b" not in log


def test_an_empty_notebook_cell_is_not_numbered():
    assert [c.execution_count for c in shown("", "1")] == [None, 1]
    assert new_notebook().cells == []
