"""What all tests share: the folder of real cases, and how Hypothesis searches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def cases() -> Path:
    """Return the folder with published cases and their numbers (cases.json and parquet files)."""
    folder = Path(os.environ.get("EVALKIT_CASES", ROOT.parent / "shared" / "cases"))
    if not (folder / "cases.json").is_file():
        pytest.skip(f"no published cases in {folder.name}/: set EVALKIT_CASES to the folder that holds cases.json")
    return folder
