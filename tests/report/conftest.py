"""Findings of the two programmes, computed once for all tests of the report."""

from __future__ import annotations

from pathlib import Path

import pytest

import evalkit
from evalkit.finding import Finding
from evalkit.programme import Disclosure
from tests.one_pilot_programme import one_pilot_programme


@pytest.fixture(scope="session")
def _cache(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVALKIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def saved(root: Path, _cache: None) -> Finding:
    """Return a randomised cross-section with real data, under the usual limits (it sets none itself)."""
    programme = evalkit.load(root / "data_raw" / "moz_savings")
    return evalkit.evaluate(programme.model_copy(update={"disclosure": Disclosure()}), "saved_q4")


@pytest.fixture(scope="session")
def income(root: Path, _cache: None) -> Finding:
    """Return a panel with chosen villages and simulated data."""
    return evalkit.evaluate(evalkit.load(root / "data_raw" / "suqian_ecommerce"), "disposable_income_pc_yuan")


@pytest.fixture(scope="session")
def lone(_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Finding:
    """Return a synthetic did of a single pilot village beside 24 others, on an internal page."""
    return evalkit.evaluate(evalkit.load(one_pilot_programme(tmp_path_factory.mktemp("one_pilot"))), "sales_yuan")
