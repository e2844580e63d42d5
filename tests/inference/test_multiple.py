"""p-values adjusted within families, by hand."""

from __future__ import annotations

import pytest

import evalkit


def test_holm_by_hand() -> None:
    """.01·3, .03·2, .04·1 → .03, .06 and, never below the one before, .06."""
    assert evalkit.adjust([0.04, 0.01, 0.03], ["a"] * 3) == pytest.approx([0.06, 0.03, 0.06])


def test_benjamini_hochberg_by_hand() -> None:
    """.01·3/1, .03·3/2, .04·3/3 → .03, .045 and .04; none above the next one: .03, .04, .04."""
    assert evalkit.adjust([0.04, 0.01, 0.03], ["a"] * 3, "bh") == pytest.approx([0.04, 0.03, 0.04])


def test_families_are_apart_and_none_stays_none() -> None:
    found = evalkit.adjust([0.02, None, 0.04, 0.5], ["a", "a", "b", "a"])
    assert found[1] is None
    assert [found[i] for i in (0, 2, 3)] == pytest.approx([0.04, 0.04, 0.5])


def test_wrong_calls() -> None:
    with pytest.raises(evalkit.UsageError, match="2 p-values and 1 families"):
        evalkit.adjust([0.1, 0.2], ["a"])
    with pytest.raises(evalkit.UsageError, match="nearest: 'holm'"):
        evalkit.adjust([0.1], ["a"], "holmes")
