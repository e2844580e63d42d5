"""papermill's engine ``evalkit``: the cells run in this very process, with a notebook's semantics and no kernel.

Registered as an entry point, which papermill loads while it is itself being imported: nothing else may import this
module before papermill (`engines.engine_known` doesn't).
"""

from __future__ import annotations

import sys
from typing import Any

from nbformat.v4 import new_notebook
from papermill.engines import Engine

from evalkit.batch.cell import execute_cell
from evalkit.batch.shell import notebook_shell


class InProcessEngine(Engine):  # type: ignore[misc]
    """Executes a notebook's cells with IPython's shell in this process."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, keep: list[Any] | None = None, **_: Any) -> None:
        """Execute all cells in order, up to the first that fails; the notebook is added to `keep`, however it ends.

        Papermill writes out what it is left with even where no file was asked for. So where the notebook is kept and
        nothing failed, it is left with an empty one.
        """
        nb, went_well = nb_man.nb, True
        if keep is not None:
            keep.append(nb)
        with notebook_shell() as shell:
            for index, cell in enumerate(nb.cells):
                nb_man.cell_start(cell, index)
                went_well = execute_cell(shell, cell)
                if not went_well:
                    nb_man.cell_exception(cell, cell_index=index)
                nb_man.cell_complete(cell, cell_index=index)
                if not went_well:
                    break
        nb.metadata["language_info"] = language_info()
        if keep is not None and went_well:
            nb_man.nb = new_notebook(metadata=nb.metadata)  # type: ignore[no-untyped-call]


def language_info() -> dict[str, Any]:
    """Return what a kernel of this interpreter says about its language."""
    major, minor, micro, *_ = sys.version_info
    return {
        "name": "python",
        "version": f"{major}.{minor}.{micro}",
        "mimetype": "text/x-python",
        "codemirror_mode": {"name": "ipython", "version": major},
        "pygments_lexer": f"ipython{major}",
        "nbconvert_exporter": "python",
        "file_extension": ".py",
    }
