"""A small project for tests of the batch: one real programme, and notebooks made of a few lines."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

Project = Callable[[Mapping[str, str]], Path]


def notebook(folder: Path, name: str, code: str, declared: str = 'programme: str = "moz_savings"') -> None:
    """Write a notebook; `%%` on a line of its own begins a further cell."""
    first = new_code_cell(declared, metadata={"tags": ["parameters"]})
    cells = [new_code_cell(part.strip()) for part in code.split("\n%%\n")]
    nbformat.write(new_notebook(cells=[first, *cells]), folder / f"{name}.ipynb")


@pytest.fixture(scope="module")
def project(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Return what makes a project's folder of notebooks by name, and goes there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(root))
        patch.delenv("EVALKIT_DATA", raising=False)
        patch.delenv("EVALKIT_CACHE", raising=False)

        def make(notebooks: Mapping[str, str]) -> Path:
            folder = tmp_path_factory.mktemp("project")
            shutil.copytree(root / "data_raw" / "moz_savings", folder / "data_raw" / "moz_savings")
            (folder / "notebooks").mkdir()
            for name, code in notebooks.items():
                notebook(folder / "notebooks", name, code)
            patch.chdir(folder)
            return folder

        yield make
