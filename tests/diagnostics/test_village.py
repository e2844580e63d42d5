"""A village's profile: means by hand, and the same from the store of all villages as from its own panels."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.diagnostics.village import village_profile, village_profiles
from evalkit.diagnostics.village_store import stored_profiles
from evalkit.errors import DataError
from evalkit.panel import Panel
from evalkit.programme import Programme


@pytest.fixture
def programme(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programme:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    return evalkit.load(root / "data_raw" / "moz_savings")


def test_means_by_hand():
    """Village A starts in 2; in round 2 it has 1·3 + 3·5 over 4 = 4.5; B never starts."""
    frame = pl.DataFrame(
        {
            "unit": ["a", "b", "a", "b", "c", "c"],
            "village": ["A", "A", "A", "A", "B", "B"],
            "time": [1, 1, 2, 2, 1, 2],
            "first": [2, 2, 2, 2, None, None],
            "weight": [1.0, 3.0, 1.0, 3.0, 1.0, 1.0],
            "y": [1.0, 1.0, 3.0, 5.0, 7.0, 8.0],
        }
    )
    design = evalkit.Design(unit="unit", cluster="village", time="time", first_treated="first", weights="weight")
    profile = village_profile(Panel.from_frame(frame, design=design, outcome="y"), "A")
    assert profile.first_treated == 2
    assert profile.means.rows() == [
        ("village", 1, 1.0, 2, 1),
        ("village", 2, 4.5, 2, 1),
        ("pilot", 1, 1.0, 2, 1),
        ("pilot", 2, 4.5, 2, 1),
        ("comparison", 1, 7.0, 1, 1),
        ("comparison", 2, 8.0, 1, 1),
    ]


def test_the_store_has_what_the_panels_give(programme: Programme):
    """To the bit, for every village: those that lack an indicator lack its profile."""
    panels = [Panel.from_programme(programme, plan.name) for plan in programme.indicators]
    villages = sorted({name for panel in panels for name in panel.frame["cluster"].unique()})
    for village in villages:
        own, stored = village_profiles(panels, village), stored_profiles(programme, village)
        assert [(p.indicator, p.village, p.first_treated) for p in own] == [
            (p.indicator, p.village, p.first_treated) for p in stored
        ]
        assert all(one.means.equals(other.means) for one, other in zip(own, stored, strict=True))
    assert len(villages) > 10


def test_an_unknown_village_is_told_with_the_nearest(programme: Programme):
    known = Panel.from_programme(programme, programme.indicators[0].name).frame["cluster"][0]
    with pytest.raises(DataError, match=f"no household of it has a value .*{known}"):
        stored_profiles(programme, f"{known}x")
