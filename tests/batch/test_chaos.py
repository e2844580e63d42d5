"""Sixty runs whose processes are killed twenty times: nothing lost, nothing half-written, nothing stored done again."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.chaos import batch, findings, killed_until_done, left_over, write_notebooks
from tests.batch.conftest import Project

KILLS, OF_PARENTS = 20, 4
LONGEST = 400
"""Seconds after which the quiet batch is given up."""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found and killed as on Linux")


@pytest.fixture(scope="module")
def folder(project: Project) -> Iterator[Path]:
    folder = project({})
    write_notebooks(folder / "notebooks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STARTED", str(folder / "started"))
        yield folder


def test_killed_batches_end_as_a_quiet_one(folder: Path):
    assert batch(folder / "quiet").wait(LONGEST) == 0
    quiet = findings(folder / "quiet")
    assert len(quiet) == 64
    (folder / "started").unlink()

    out = folder / "chaos"
    killed = killed_until_done(out, folder / "started", KILLS, OF_PARENTS, random.Random(20))

    assert killed.kills == KILLS
    assert killed.of_parents == OF_PARENTS
    assert findings(out) == quiet
    assert killed.again == ()
    assert left_over(out) == []
