"""One cell of a notebook, executed by IPython's shell in this process."""

from __future__ import annotations

from typing import Any

from evalkit.batch.shell import NotebookShell

MAY_RAISE, LEFT_OUT = "raises-exception", "skip-execution"


def execute_cell(shell: NotebookShell, cell: Any) -> bool:
    """Execute one cell into its outputs; return whether the next one may run."""
    tags = cell.metadata.get("tags", [])
    if cell.cell_type != "code" or not cell.source.strip() or LEFT_OUT in tags:
        return True
    cell.outputs = []
    shell.recorder.start_cell(cell.outputs)
    cell.execution_count = shell.execution_count
    result = shell.run_cell(cell.source, store_history=True, cell_id=cell.get("id"))  # type: ignore[no-untyped-call]
    return bool(result.success) or MAY_RAISE in tags
