"""The notebooks as they are stored: no outputs, one tagged cell of parameters."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from evalkit import report

FOLDER = Path(__file__).parent.parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(notebook: Path) -> list[dict]:
    return [c for c in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]


def test_there_are_notebooks():
    assert {"quality", "impact", "village", "programme"} <= {n.stem for n in NOTEBOOKS}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda n: n.stem)
def test_no_outputs_are_stored(notebook: Path):
    assert [c["source"] for c in cells(notebook) if c["outputs"] or c["execution_count"]] == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda n: n.stem)
def test_first_code_cell_holds_the_parameters(notebook: Path):
    tagged = [i for i, c in enumerate(cells(notebook)) if "parameters" in c["metadata"].get("tags", [])]
    assert tagged == [0]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda n: n.stem)
def test_the_file_is_as_editors_save_it(notebook: Path):
    """Keys in the order of nbformat, which JupyterLab and nbstripout write too: only what was edited differs then."""
    text = notebook.read_text(encoding="utf-8")
    assert text == nbformat.writes(nbformat.reads(text, as_version=4)) + "\n"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda n: n.stem)
def test_cells_call_what_the_report_exports(notebook: Path):
    code = "\n".join("".join(c["source"]) for c in cells(notebook))
    assert set(re.findall(r"\breport\.(\w+)\(", code)) - set(report.__all__) == set()
