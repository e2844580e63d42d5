"""The simulated postal programme: the same bytes each time, a truth recounted by hand, and estimates that find it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit.diagnostics import attrition, four_cell
from evalkit.estimators.registry import estimate_by_name
from evalkit.evidence import evidence_of
from evalkit.gate import open_gate
from evalkit.intake import read_programme, read_truth
from evalkit.simulate import replicate, write_programme
from evalkit.simulate.suqian_post.draw import Drawn, draw
from evalkit.simulate.suqian_post.scenario import read_scenario
from evalkit.simulate.suqian_post.truth import truth as true_effects

FOLDER = Path(__file__).parents[2] / "data_raw" / "suqian_post"
DRAWS = 12


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return draw(read_scenario())


@pytest.fixture(scope="module")
def truth() -> dict[str, dict[str, float]]:
    found = read_truth(evalkit.load(FOLDER))
    assert found is not None
    return {name: dict(values) for name, values in found.items()}


def test_committed_files_are_what_the_command_writes(tmp_path: Path) -> None:
    for file in write_programme("suqian_post", tmp_path):
        assert file.read_bytes() == (FOLDER / file.name).read_bytes(), file.name


def test_files_are_small(root: Path) -> None:
    assert sum(f.stat().st_size for f in FOLDER.iterdir()) < 8e6


def test_truth_of_income_by_counting_anew(drawn: Drawn, truth: dict[str, dict[str, float]]) -> None:
    """150 yuan a mu in full, 60 % of it in the first year of a contract: each entity with an officer, less without."""
    part = {2020: 1.0, 2021: 1.0, 2022: 0.6, 9999: 0.0}
    effects, moved = [], []
    for i, mu in enumerate(drawn.mu):
        there, elsewhere = int(drawn.with_officer.year[i]), int(drawn.without_officer.year[i])
        effects.append(150 * mu * (part[there] - part[elsewhere]))
        moved.append(there < 9999 and elsewhere == 9999)
    own = truth["net_income_yuan"]
    assert own["att"] == pytest.approx(sum(effects) / len(effects), abs=1e-3)
    assert own["late"] == pytest.approx(sum(np.array(effects)[moved]) / sum(moved), abs=1e-3)


def test_truth_of_loans_by_counting_anew(drawn: Drawn, truth: dict[str, dict[str, float]]) -> None:
    """In 2022 a contract takes the share with a line from 0.28 to 0.80; 0.78 of these draw their amount."""
    added = 0.0
    for i, amount in enumerate(drawn.base.amount):
        standing = drawn.base.standing[i, 2]
        gets = [
            standing < 0.78 * (0.80 if s.contracted[i] else 0.28) for s in (drawn.with_officer, drawn.without_officer)
        ]
        added += amount * (int(gets[0]) - int(gets[1]))
    assert truth["loan_disbursed_yuan"]["att"] == pytest.approx(added / len(drawn.mu), abs=1e-3)


def test_nobody_contracts_because_there_is_no_officer(drawn: Drawn) -> None:
    assert not (drawn.without_officer.contracted & ~drawn.with_officer.contracted).any()
    assert drawn.assigned.mean() == pytest.approx(0.5, abs=0.05)


def test_one_entity_joined_early(drawn: Drawn) -> None:
    assert (drawn.lived.year == 2020).sum() == 1


@pytest.mark.parametrize("name", ["net_income", "sales", "deposits", "days", "parcels", "channel_share"])
def test_no_value_is_negative(drawn: Drawn, name: str) -> None:
    assert drawn.values[name].min() > 0


def test_intake_finds_the_dirt_and_the_loans(drawn: Drawn) -> None:
    """Dirt as in the scenario file; the bank's book gives back what was drawn, in current prices to the fen."""
    intake = read_programme(evalkit.load(FOLDER))
    found = {r["rule"]: r["n_failed"] for r in intake.quality.filter(pl.col("n_failed") > 0).to_dicts()}
    assert found["out_of_range"] == 6
    assert intake.rejected.filter(pl.col("rule") == "duplicate_identical").height >= 12
    last = intake.frame.filter(pl.col("year") == 2022)
    lent = drawn.values["loan"][drawn.seen[:, 2], 2].sum() * 1.0302
    assert last["loan_disbursed_yuan"].sum() == pytest.approx(lent, abs=0.01 * last.height)


def test_a_redrawing_is_the_scenario(truth: dict[str, dict[str, float]]) -> None:
    seed = read_scenario().seed
    again, other = replicate("suqian_post", seed, holds=False), replicate("suqian_post", 1, holds=True)
    assert again.truth == {name: values["att"] for name, values in truth.items()}
    assert not again.frame.equals(other.frame)


@pytest.fixture(scope="module")
def errors() -> dict[tuple[bool, str], np.ndarray]:
    """Return the errors of both effects, and of the naive change, on net income; with and without the refusals."""
    programme, name = evalkit.load(FOLDER), "net_income_yuan"
    found: dict[tuple[bool, str], list[float]] = {}
    for holds in (True, False):
        for seed in range(DRAWS):
            replicated = replicate("suqian_post", seed, holds=holds)
            panel = evalkit.Panel.from_frame(
                replicated.frame, design=programme.design_for(programme.indicator(name)), outcome=name
            )
            moments = evalkit.Moments.from_panel(panel)
            late = _late(seed)
            for estimator, true in (
                ("ancova", replicated.truth[name]),
                ("late_ancova", late),
                ("pre_post", replicated.truth[name]),
            ):
                value = float(estimate_by_name(estimator, moments, panel).values[0])
                found.setdefault((holds, estimator), []).append(value - true)
    return {key: np.array(values) for key, values in found.items()}


def _late(seed: int) -> float:
    """Return the true effect on those who contract because of an officer, of another seed."""
    other = replace(read_scenario(), seed=seed)
    return float(true_effects(other, draw(other))["indicators"]["net_income_yuan"]["late"])


@pytest.mark.parametrize("estimator", ["ancova", "late_ancova"])
def test_the_plan_finds_the_truth_where_losses_are_alike(
    errors: dict[tuple[bool, str], np.ndarray], estimator: str
) -> None:
    """The mean error of 12 draws lies within 3 of its own standard errors (seeds are fixed)."""
    e = errors[True, estimator]
    assert abs(e.mean()) < 3 * e.std(ddof=1) / DRAWS**0.5


def test_the_naive_change_is_too_large_by_the_growth(errors: dict[tuple[bool, str], np.ndarray]) -> None:
    """Net income per mu grows by 95 yuan on average after the start, on some 145 mu; the effect is 7,000 yuan."""
    assert errors[True, "pre_post"].mean() == pytest.approx(12_000, abs=4000)
    assert errors[True, "pre_post"].min() > 5000


def test_refusals_make_the_comparison_too_favourable(errors: dict[tuple[bool, str], np.ndarray]) -> None:
    broken, sound = errors[False, "ancova"], errors[True, "ancova"]
    assert (broken - sound).mean() > 3 * (broken - sound).std(ddof=1) / DRAWS**0.5 > 0


@pytest.mark.parametrize(("holds", "claim"), [(True, "effect"), (False, "effect_if_assumed")])
def test_the_gate_says_less_where_losses_differ(holds: bool, claim: str) -> None:
    programme, name = evalkit.load(FOLDER), "net_income_yuan"
    design = programme.design_for(programme.indicator(name))
    panel = evalkit.Panel.from_frame(replicate("suqian_post", 3, holds=holds).frame, design=design, outcome=name)
    moments = evalkit.Moments.from_panel(panel)
    main = evalkit.infer(evalkit.ancova(panel))
    gate = open_gate(evidence_of(programme, main, None, attrition(panel), four_cell(moments)))
    assert gate.claim == claim
    assert ("attrition_differs" in {r.code for r in gate.reasons}) is not holds
