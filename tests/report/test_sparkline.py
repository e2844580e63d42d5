"""The small picture of an interval: where zero, the ends and the estimate stand."""

from __future__ import annotations

import re

import pytest

from evalkit.report.sparkline import HEIGHT, MARGIN, WIDTH, sparkline


def places(svg: str) -> dict[str, float]:
    found = re.search(r'class="range" x1="([\d.]+)" x2="([\d.]+)".*cx="([\d.]+)"', svg)
    return dict(zip(("low", "high", "at"), map(float, found.groups()), strict=True))


def test_zero_is_in_the_middle_and_the_farther_end_at_the_margin() -> None:
    wanted = {"low": 48 - 43 / 4, "high": WIDTH - MARGIN, "at": 48 + 43 / 4}
    assert places(sparkline((1.0, -1.0, 4.0))) == pytest.approx(wanted, abs=0.06)
    assert f'x1="{WIDTH / 2}"' in sparkline((1.0, -1.0, 4.0))


@pytest.mark.parametrize("interval", [(-3.0, -5.0, -1.0), (0.0, 0.0, 0.0), (1e-12, -1e-12, 1e12)])
def test_everything_stays_within_the_picture(interval: tuple[float, float, float]) -> None:
    assert all(0 <= place <= WIDTH for place in places(sparkline(interval)).values())
    assert f'height="{HEIGHT}"' in sparkline(interval)


def test_nothing_without_an_interval_and_nothing_for_a_screen_reader() -> None:
    """The sentence beside it says where the interval lies."""
    assert sparkline(None) == ""
    assert 'aria-hidden="true"' in sparkline((1.0, 0.0, 2.0))
