"""The notebooks run with plain papermill, refuse parameters they don't know, and agree with what was published."""

from __future__ import annotations

import json
from pathlib import Path

import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from evalkit.batch.kernel import NAME, ThisInterpreter
from evalkit.report.block import FINDING_MIME

OPTIONS = {"kernel_name": NAME, "language": "python", "kernel_manager_class": ThisInterpreter, "progress_bar": False}


def _run(root: Path, name: str, tmp_path: Path, **parameters: object) -> dict:
    out = tmp_path / "out.ipynb"
    papermill.execute_notebook(
        root / f"notebooks/{name}.ipynb", out, parameters=parameters, cwd=root / "notebooks", **OPTIONS
    )
    return json.loads(out.read_text(encoding="utf-8"))


def _finding(notebook: dict) -> dict:
    data = [o["data"] for c in notebook["cells"] for o in c.get("outputs", []) if FINDING_MIME in o.get("data", {})]
    return data[0][FINDING_MIME]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_unknown_parameter_stops_the_notebook(root: Path, tmp_path: Path):
    with pytest.raises(PapermillExecutionError, match=r"'indicater' is not a parameter \(nearest: 'indicator'\)"):
        _run(root, "impact", tmp_path, indicater="saved_q4")


def test_impact_hands_on_its_finding(root: Path, tmp_path: Path):
    finding = _finding(_run(root, "impact", tmp_path, indicator="credit_used"))
    assert finding["indicator"]["name"] == "credit_used"
    assert round(finding["robustness"]["itt_unadjusted"][0]["estimate"], 3) == 0.05


def test_replication_agrees_to_the_printed_digit(root: Path, tmp_path: Path):
    rows = _finding(_run(root, "replication_moz_savings", tmp_path))["rows"]
    assert len(rows) == 22
    assert [row for row in rows if not row["agrees"]] == []
