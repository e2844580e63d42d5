"""Findings that pages of one batch share: to the bit, never of an earlier batch; a file gives values only."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import evalkit
from evalkit import evaluated, finding
from evalkit.evaluated import frozen, once, thawed
from evalkit.results import ClusterSums, Influence


def influence(of: object = None) -> Influence:
    psi = np.array([[0.1, np.nan], [1e-300, -np.inf]])
    return Influence(("甲", "乙"), np.array([True, False]), np.array([False, True]), psi, 1.5, of, scale=psi)  # type: ignore[arg-type]


def test_values_come_back_to_the_bit_and_one_array_stays_one():
    given = influence()
    found = thawed(frozen(given, {}), {}, influence)
    assert found.psi.tobytes() == given.psi.tobytes()
    assert (found.clusters, found.factor, found.left_out) == (given.clusters, 1.5, None)
    assert found.scale is found.psi
    s = np.eye(2)
    sums = ClusterSums(("v",), np.array([True]), np.array([False]), None, s, s[0], s, s, None, weighted=False)
    again = thawed(frozen(sums, {}), {}, lambda: sums)
    assert again.s0 is again.s1 is again.s2


def test_an_array_keeps_its_order_in_memory_on_which_sums_depend_in_the_last_bit():
    columns = np.asfortranarray(np.random.default_rng(1).normal(size=(40, 30)))
    given = Influence((), np.zeros(0, bool), np.zeros(0, bool), columns, 1.0)
    psi = thawed(frozen(given, {}), {}, lambda: given).psi
    assert np.array_equal(psi, columns)
    assert psi.flags.f_contiguous
    assert (psi @ columns[:30]).tobytes() == (columns @ columns[:30]).tobytes()


def test_a_function_is_had_by_making_the_value_anew():
    made: list[int] = []

    def make() -> Influence:
        made.append(1)
        return influence(lambda: np.array([7.0]))

    found = thawed(frozen(make(), {}), {}, make)
    assert made == [1]
    assert found.left_out().tolist() == [7.0]
    assert made == [1, 1]


def test_nothing_but_values_and_dataclasses_of_evalkit_is_made():
    text = json.loads(frozen(influence(), {}))
    for other in (["os", "system"], ["evalkit.cache", "hash_of"], ["subprocess", "Popen"]):
        with pytest.raises(TypeError, match="is no dataclass of evalkit"):
            thawed(json.dumps({**text, "of": other}), {}, influence)
    with pytest.raises(TypeError, match=r"set at .* cannot be stored"):
        frozen(influence({1, 2}), {})


def test_dates_keys_and_given_fields():
    day = {("a", 1): date(2026, 11, 26), 2: np.float64(0.1)}
    text = frozen(influence(day), {"clusters": None})
    assert "甲" not in text
    found = thawed(text, {"clusters": ("丙",)}, influence)
    assert found.clusters == ("丙",)
    assert found.left_out == day
    assert type(found.left_out[2]) is np.float64


def test_a_finding_is_computed_once_in_a_batch_and_anew_outside(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    programme, made = evalkit.load(root / "data_raw" / "moz_savings"), []
    really = finding._evaluate

    def counted(*arguments: object) -> object:
        made.append(arguments)
        return really(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(finding, "_evaluate", counted)
    monkeypatch.delenv(evaluated.FOLDER, raising=False)
    alone = evalkit.evaluate(programme, "saved_q4")
    monkeypatch.setenv(evaluated.FOLDER, str(tmp_path / "batch"))
    first, second = (evalkit.evaluate(programme, "saved_q4") for _ in range(2))
    assert len(made) == 2
    assert alone.to_json() == first.to_json() == second.to_json()
    assert second.tidy().equals(alone.tidy())
    assert second.main.estimate.reassign().cluster.tolist() == alone.main.estimate.reassign().cluster.tolist()
    evalkit.evaluate(programme, "saved_q4", seed=2)
    assert len(made) == 4  # one for reassign, which is not stored, and one for the other seed
    assert [f.name for f in (tmp_path / "batch").iterdir() if f.name.startswith(".")] == []


def test_without_a_batch_nothing_is_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(evaluated.FOLDER, raising=False)
    assert once("x", influence, {}).factor == 1.5
