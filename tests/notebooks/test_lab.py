"""What a notebook's user meets: names complete, errors are short, work shows how far it is, the tours run."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import papermill
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import evalkit
from evalkit.errors import EvalkitError
from evalkit.following import QUIET, follow
from tests.notebooks.test_notebooks import OPTIONS


@pytest.fixture
def shell(root: Path, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    monkeypatch.setenv("EVALKIT_DATA", str(root / "data_raw"))
    shell = InteractiveShell()
    shell.user_ns |= {"programmes": evalkit.programmes(), "programme": evalkit.programmes()["moz_savings"]}
    return shell


@pytest.mark.parametrize(
    ("typed", "name"), [('programmes["moz', "moz_savings"), ('programme["livestock', "livestock_costs_mzn")]
)
def test_tab_completes_programmes_and_indicators(shell: InteractiveShell, typed: str, name: str) -> None:
    with provisionalcompleter():
        assert name in [c.text.strip('"]') for c in shell.Completer.completions(typed, len(typed))]


def test_an_unknown_programme_is_answered_by_the_nearest(shell: InteractiveShell) -> None:
    with pytest.raises(EvalkitError, match=r"'moz_saving' is unknown \(nearest: 'moz_savings'\)"):
        shell.user_ns["programmes"]["moz_saving"]
    assert len(shell.user_ns["programmes"]) == len(list((Path(evalkit.__file__).parents[1] / "data_raw").iterdir()))


def test_an_error_is_a_few_lines_in_a_notebook(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell('programme["saved_q5"]')
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[0] == "PlanError: moz_savings, indicator"
    assert "nearest: 'saved_q4'" in lines[1]
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["found", "needed", "what to do"]


def test_values_show_themselves(shell: InteractiveShell) -> None:
    programmes = shell.user_ns["programmes"]
    assert programmes._repr_html_().count("<tr>") == len(programmes) + 1
    assert "simulated" in programmes._repr_html_()


class Shown:
    """Stands for the front end: keeps what a bar shows."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def update(self, html: object) -> None:
        self.texts.append(str(html.data))


@pytest.fixture
def front_end(monkeypatch: pytest.MonkeyPatch) -> Shown:
    import IPython
    from IPython import display

    shown = Shown()
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr(display, "display", lambda *_, **__: shown)
    monkeypatch.delenv(QUIET, raising=False)
    return shown


def test_a_bar_moves_and_goes(front_end: Shown) -> None:
    assert list(follow(["a", "<b>"], str)) == ["a", "<b>"]
    assert [text.count("<progress") for text in front_end.texts] == [1, 1, 0]
    assert "1/2 &lt;b&gt;" in front_end.texts[1]


def test_the_batch_shows_no_bar(front_end: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(QUIET, "1")
    assert list(follow([1, 2], str)) == [1, 2]
    assert front_end.texts == []


def test_a_terminal_shows_a_line_and_a_file_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(QUIET, raising=False)
    list(follow(["a"], str))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    list(follow(["a"], str))
    assert "0/1 a" in capsys.readouterr().err


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_tour_runs_and_is_prose_and_calls(root: Path, tmp_path: Path, lang: str) -> None:
    out = tmp_path / "tour.ipynb"
    papermill.execute_notebook(root / f"notebooks/tour_{lang}.ipynb", out, cwd=root / "notebooks", **OPTIONS)
    cells = json.loads(out.read_text(encoding="utf-8"))["cells"]
    code = [c for c in cells if c["cell_type"] == "code"]
    assert [o for c in code for o in c["outputs"] if o["output_type"] == "error"] == []
    assert sum("text/html" in o.get("data", {}) for c in code for o in c["outputs"]) >= 9
    nodes = {type(node) for c in code for node in ast.walk(ast.parse("".join(c["source"])))}
    assert nodes & {ast.For, ast.While, ast.If, ast.FunctionDef, ast.Lambda, ast.ListComp, ast.Try} == set()


def test_both_tours_make_the_same_calls(root: Path) -> None:
    zh, en = (json.loads((root / f"notebooks/tour_{x}.ipynb").read_text("utf-8"))["cells"][2:] for x in ("zh", "en"))
    kinds = [(c["cell_type"], c["source"] if c["cell_type"] == "code" else "") for c in zh]
    assert kinds == [(c["cell_type"], c["source"] if c["cell_type"] == "code" else "") for c in en]
