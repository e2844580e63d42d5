"""Rows are read from raw files once for all indicators, and anew where files or what touches rows have changed."""

from __future__ import annotations

import shutil
from dataclasses import fields
from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit import intake_store
from evalkit.intake import read_programme
from evalkit.intake_store import programme_intake, programme_rows
from evalkit.panel import Panel

FOLDER = Path(__file__).parents[1] / "data_raw" / "suqian_ecommerce"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[str]]:
    """A copy of the programme with a cache of its own, and what was read from raw files."""
    folder = tmp_path / "data_raw" / "suqian_ecommerce"
    shutil.copytree(FOLDER, folder)
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    read: list[str] = []

    def counted(programme: evalkit.Programme):
        read.append(programme.id)
        return read_programme(programme)

    monkeypatch.setattr(intake_store, "read_programme", counted)
    return folder, read


def test_stored_rows_are_those_of_intake(office: tuple[Path, list[str]]) -> None:
    programme = evalkit.load(office[0])
    intake = read_programme(programme)
    for _ in range(2):
        rows = programme_rows(programme)
        assert rows.frame.equals(intake.frame)
        assert rows.prices is not None
        assert rows.prices.equals(intake.prices)
        assert rows.flow == intake.flow
    assert office[1] == [programme.id]


def test_all_that_intake_found_is_stored(office: tuple[Path, list[str]]) -> None:
    """Tables have the same types and values, and the rest is equal, from raw files and from the cache."""
    programme = evalkit.load(office[0])
    intake = read_programme(programme)
    for _ in range(2):
        stored = programme_intake(programme)
        for name in (f.name for f in fields(intake)):
            one, other = getattr(intake, name), getattr(stored, name)
            if isinstance(one, pl.DataFrame):
                assert one.schema == other.schema, name
                assert one.equals(other), name
            else:
                assert one == other, name
    assert office[1] == [programme.id]
    programme_rows(programme)
    assert len(office[1]) == 1


def test_indicators_share_one_reading_and_changes_are_seen(office: tuple[Path, list[str]]) -> None:
    folder, read = office
    for name in ("online_sales_yuan", "wage_income_pc_yuan"):
        Panel.from_programme(evalkit.load(folder), name)
    assert len(read) == 1
    plan = folder / "programme.toml"
    text = plan.read_text(encoding="utf-8")
    beside = text.replace("trivial    = 300", "trivial    = 301").replace("min_households = 10", "min_households = 11")
    plan.write_text(beside, encoding="utf-8")
    Panel.from_programme(evalkit.load(folder), "online_sales_yuan")
    assert len(read) == 1  # neither touches rows
    roster = folder / "villages.csv"
    roster.write_bytes(roster.read_bytes().replace(b",2014\n", b",2015\n", 1))
    Panel.from_programme(evalkit.load(folder), "online_sales_yuan")
    assert len(read) == 2
    plan.write_text(text.replace('weights       = "weight"\n', ""), encoding="utf-8")
    Panel.from_programme(evalkit.load(folder), "online_sales_yuan")
    assert len(read) == 3
