"""One row of an inference, made without the table, is that row of the table."""

from __future__ import annotations

import numpy as np
import pytest

import evalkit
from evalkit.results import Inference
from tests.small_panels import village_panel


@pytest.fixture(scope="module", params=["event_study", "group_time", "did"])
def result(request: pytest.FixtureRequest) -> Inference:
    frame = village_panel(3, [0, 0, 0, 0, 2, 2, 3, 3, 3], rounds=4)
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
    moments = evalkit.Moments.from_frame(frame, design=design, outcomes=["y"])
    return evalkit.infer(getattr(evalkit, request.param)(moments))


def test_row_is_that_of_the_table(result: Inference):
    """Same names in the same order, same values and types, None where the table has null."""
    for place, term in enumerate(result.estimate.terms):
        wanted, found = result.tidy().row(place, named=True), result.row(term)
        assert list(found) == list(wanted)
        assert found == wanted
        assert [type(v) for v in found.values()] == [type(v) for v in wanted.values()]


def test_undefined_numbers_are_none(result: Inference):
    """The base of an event study is fixed: it has no standard error."""
    undefined = [t for t, se in zip(result.estimate.terms, result.std_error, strict=True) if np.isnan(se)]
    assert all(result.row(term)["std_error"] is None for term in undefined)
    assert bool(undefined) == (result.estimate.estimator == "event_study")
