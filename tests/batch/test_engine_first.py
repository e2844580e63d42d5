"""Our engine is found whatever is imported first: papermill loads entry points while it is being imported itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("first", ["evalkit.batch", "evalkit.batch.engines", "evalkit.batch.warm", "papermill"])
def test_the_engine_is_known(root: Path, first: str):
    code = f"import {first}; from evalkit.batch.engines import engine_known; print(engine_known())"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "evalkit"), done.stderr
