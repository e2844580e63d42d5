"""No sentence claims more than the gate: every combination of claim, interval, unit and language is tried."""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import product
from string import Formatter

import pytest

from evalkit.estimators.registry import ESTIMATORS, FROM_PANEL
from evalkit.gate import CLAIMS, TEXTS
from evalkit.inference.infer import METHODS
from evalkit.plan_tables import USUAL, Noun, Terms
from evalkit.report.answers import answers
from evalkit.report.numbers import unit_of
from evalkit.report.statement import Facts, sentence
from evalkit.report.wording import LANGUAGES, WORDS, Case, Words, case_of
from evalkit.report.wording.choose import position_of

INTERVALS = {
    "up": (0.1, 0.3),
    "down": (-0.3, -0.1),
    "unclear": (-0.1, 0.3),
    "small": (-0.01, 0.02),
    "none": (None, None),
}
REASONS = (
    ("randomised",),
    ("randomised", "attrition_differs"),
    ("chosen", "no_pre_period"),
    ("chosen", "pre_trend_shown"),
    ("chosen", "no_comparison"),
    ("chosen", "pre_trend_rejected"),
    ("at_cutoff", "density_rejected"),
    ("at_cutoff", "density_untested"),
    ("few_pilot",),
)
CAUSAL = {
    "zh": re.compile(r"”使试点村|有影响"),
    "en": re.compile(r"\braised\b|\blowered\b|\beffect of the programme\b|because of", re.I),
}
ASSUMES = {"zh": "前提是", "en": "provided that "}
NOT_ATTRIBUTED = {"zh": "不能", "en": "cannot be attributed to the programme"}
FORBIDDEN = re.compile(r"significan|trend toward|显著|\bno effect\b|没有影响|没有效果", re.I)
COMBINATIONS = list(
    product(CLAIMS, REASONS, INTERVALS, ("share", "yuan/year", "MZN", "orders"), (True, False), LANGUAGES)
)
OWN = Terms(
    cluster=Noun(zh="社区", counted="个社区", en="community", plural="communities"),
    unit=Noun(zh="经营主体", counted="个经营主体", en="entity", plural="entities"),
)


def written(
    claim: str, reasons: tuple[str, ...], interval: str, unit: str, rounds: bool, lang: str, terms: Terms = USUAL
) -> str:
    return sentence(*said(claim, reasons, interval, unit, rounds, terms), lang)


def said(
    claim: str, reasons: tuple[str, ...], interval: str, unit: str, rounds: bool = True, terms: Terms = USUAL
) -> tuple[Case, Facts]:
    low, high = INTERVALS[interval]
    estimate = 0.2 if low is None else (low + high) / 2
    case = case_of(claim, reasons, position_of(estimate, low, high, 0.05), has_rounds=rounds)
    return case, Facts("P", "the label", unit_of(unit), estimate, low, high, 0.05, "too few of them", terms=terms)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_causal_words_are_for_an_effect_only(lang: str):
    for claim, reasons, interval, unit, rounds, language in COMBINATIONS:
        text = written(claim, reasons, interval, unit, rounds, language)
        if language == lang and CAUSAL[lang].search(text):
            assert claim == "effect", text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_effect_with_an_interval_is_stated_as_one(lang: str):
    texts = [written("effect", ("randomised",), i, "share", False, lang) for i in ("up", "down", "unclear", "small")]
    assert all(CAUSAL[lang].search(t) for t in texts)


@pytest.mark.parametrize(
    ("claim", "lang"), list(product(("effect_if_parallel_trends", "effect_if_assumed"), LANGUAGES))
)
def test_an_assumed_effect_holds_its_assumption_in_the_same_sentence(claim: str, lang: str):
    """The answer comes first, and cannot be quoted as a sentence without what it assumes."""
    for reasons, interval, rounds in product(REASONS[1:4], ("up", "down", "unclear", "small"), (True, False)):
        text = written(claim, reasons, interval, "share", rounds, lang)
        assert ASSUMES[lang] in text, text
        assert is_one_sentence(text), text


def is_one_sentence(text: str) -> bool:
    return not re.search(r"[。！？]|[.!?] ", text[:-1])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_change_is_never_attributed(lang: str):
    for reasons, interval in product((*REASONS[4:6], *REASONS[6:8]), INTERVALS):
        assert NOT_ATTRIBUTED[lang] in written("change_only", reasons, interval, "share", True, lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_not_reportable_has_no_number(lang: str):
    for reasons, interval in product(REASONS, INTERVALS):
        assert not re.search(r"\d", written("not_reportable", reasons, interval, "share", True, lang))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_effect_at_a_cutoff_says_where_and_on_which_assumption(lang: str):
    place = {"zh": "分数线", "en": "the cut-off"}[lang]
    for interval in ("up", "down", "unclear", "small"):
        text = written("effect_at_cutoff", ("at_cutoff", "density_passed"), interval, "share", False, lang)
        assert ASSUMES[lang] in text, text
        assert place in text.split(ASSUMES[lang])[0], text
        assert is_one_sentence(text), text


@pytest.mark.parametrize("claim", ["effect", "effect_at_cutoff", "effect_if_parallel_trends", "effect_if_assumed"])
def test_an_effect_without_interval_is_not_reported(claim: str):
    assert not re.search(r"\d", written(claim, ("randomised",), "none", "share", True, "en"))


def test_in_other_words_every_sentence_claims_the_same():
    """A programme's own words change the nouns of a sentence and nothing else."""
    for combination in COMBINATIONS:
        usual, own = written(*combination), written(*combination, OWN)
        nouns = {
            "zh": [("社区", "村"), ("经营主体", "农户")],
            "en": [("communities", "villages"), ("entities", "households")],
        }
        for theirs, ours in nouns[combination[-1]]:
            own = own.replace(theirs, ours)
        assert own == usual


NAMED = {"zh": ("“P”", "项目"), "en": (" “P”", "")}
"""How a sentence of an effect names the programme, and how the next one does."""
PAIRED = list(product(CLAIMS, REASONS, ("up", "down", "unclear", "small", "none"), ("share", "yuan/year"), LANGUAGES))


def test_one_after_another_answers_claim_what_they_claim_alone():
    """Every combination after every claim and condition: an assumption or a name that was given is shortened."""
    for claim, reasons, interval, unit, lang in PAIRED:
        own = said(claim, reasons, interval, unit)
        alone = sentence(*own, lang)
        for before in {said(c, r, "up", "share") for c, r in product(CLAIMS, REASONS)}:
            first, second = answers([before, own], lang)
            assert first == sentence(*before, lang)
            stated = WORDS[lang].assumptions.get(own[0].condition, "?")
            if second != alone and own[0].form == "effect":
                assert second == alone.replace(*NAMED[lang]), second
                assert before[0].form == "effect"
            elif second != alone:
                assert before[0].condition == own[0].condition, second
                assert second == alone.replace(stated, WORDS[lang].assumptions["same"]), second
            if CAUSAL[lang].search(second):
                assert claim == "effect", second


def test_verbs_fit_labels_in_the_plural():
    """“The online sales was” is no English: a label is followed by no verb that has a plural."""
    for combination in COMBINATIONS:
        text = written(*combination)
        assert not re.search(r"(?<!of )the label (there )?(is|was|has|differs|lies)\b", text), text


def test_no_sentence_uses_forbidden_words_or_leaves_a_gap():
    for combination in COMBINATIONS:
        text = written(*combination)
        assert not FORBIDDEN.search(text), text
        assert "{" not in text, text


def test_an_interval_that_touches_zero_is_unclear():
    assert position_of(0.1, 0.0, 0.2, None) == "unclear"
    assert position_of(0.1, 1e-9, 0.2, None) == "up"


def test_the_trivial_band_comes_before_the_sign():
    assert position_of(0.1, 0.05, 0.15, 0.2) == "small"
    assert position_of(0.1, 0.05, 0.21, 0.2) == "up"


@pytest.mark.parametrize("table", [f.name for f in fields(Words)])
def test_both_languages_have_the_same_words(table: str):
    zh, en = (getattr(WORDS[lang], table) for lang in LANGUAGES)
    assert set(zh) == set(en)


@pytest.mark.parametrize("table", ["labels", "reasons", "inferences", "cannot"])
def test_both_languages_use_the_same_values(table: str):
    used = [
        {k: {f for _, f, _, _ in Formatter().parse(v) if f} for k, v in getattr(WORDS[x], table).items()}
        for x in LANGUAGES
    ]
    assert used[0] == used[1]


def test_every_reason_of_the_gate_has_words():
    assert set(WORDS["zh"].reasons) == set(TEXTS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_estimator_and_method_of_inference_has_words(lang: str):
    words = WORDS[lang]
    assert {*ESTIMATORS, *FROM_PANEL} - set(words.estimators) == set()
    assert {*METHODS, "none"} - set(words.inferences) == set()
    assert {*METHODS, "none"} == set(words.methods)


JARGON = re.compile(
    r"CRV|自由度|degrees of freedom|聚类|cluster|刀切|jackknife|自助|bootstrap|安慰剂|placebo|置换|t分布|偏差校正|bias|"
    r"Anderson|Conley|Ferman|\bp\b|p值|Holm|一阶段|first-stage|\d",
    re.I,
)
"""What specialists say; the first screen says it in plain words, the details by these names."""


@pytest.mark.parametrize("lang", LANGUAGES)
def test_how_a_range_is_made_is_told_in_plain_words(lang: str):
    """For every method, and for each form that a single pilot village gives one of them."""
    words = WORDS[lang]
    assert set(words.ranges) == set(words.inferences)
    for told in (*words.ranges.values(), words.labels["adjusted_some"], words.labels["adjusted_none"]):
        assert not JARGON.search(told.replace("{k}", "")), told
    for key in ("jackknife", "crv2"):
        assert {"zh": "因村数不多而放宽", "en": "widened for few villages"}[lang] in words.ranges[key]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_claims_and_states_stand_in_cells_of_their_own(lang: str):
    """They begin as sentences do."""
    told = (*WORDS[lang].claims.values(), *WORDS[lang].states.values())
    assert [t for t in told if t[:1] != t[:1].upper()] == []
