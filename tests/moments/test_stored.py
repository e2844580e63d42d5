"""Moments that are kept in the cache: written where no folder was, read where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

import evalkit
from evalkit import Design, Moments, Panel
from evalkit.moments.stored import stored_moments
from tests.small_panels import village_panel


def test_moments_are_written_once_and_read_then(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two indicators in one folder, that is not there yet nor is the one around it."""
    folder = tmp_path / "a" / "b"
    monkeypatch.setenv("EVALKIT_CACHE", str(folder))
    programme = evalkit.load(root / "data_raw" / "moz_savings")
    design = Design(unit="household", cluster="village", time="round", first_treated="first")
    panel = Panel.from_frame(village_panel(3, [2, 2, 0, 0]), design=design, outcome="y")
    made = [stored_moments(programme, plan, panel) for plan in programme.indicators[:2]]
    assert len(list(folder.glob("*.moments.parquet"))) == 2
    monkeypatch.setattr(Moments, "from_panel", None)
    again = stored_moments(programme, programme.indicators[0], panel)
    assert evalkit.did(again).values[0] == evalkit.did(made[0]).values[0]
