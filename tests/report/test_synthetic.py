"""A finding with a single pilot village: what may be claimed, its figures, and what stands on its page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import evalkit
from evalkit import report
from evalkit.finding import Finding
from evalkit.gate import Gate, Reason
from evalkit.report.answer import how_sure
from evalkit.report.publishable import publishable
from evalkit.report.wording import LANGUAGES
from tests.one_pilot_programme import EFFECT, one_pilot_programme

PAYLOAD = re.compile(r'<script type="application/json">(.*?)</script>', re.S)


def _finding(tmp: Path, monkeypatch: pytest.MonkeyPatch, **options: str) -> Finding:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp / "cache"))
    return evalkit.evaluate(evalkit.load(one_pilot_programme(tmp, **options)), "sales_yuan")


def test_the_claim_rests_on_the_match(lone: Finding) -> None:
    row = lone.main.row("att")
    assert (row["estimator"], row["inference"], row["n_treated_clusters"]) == ("synthetic_did", "placebo", 1)
    assert row["conf_low"] < EFFECT < row["conf_high"]
    assert lone.gate.claim == "effect_if_parallel_trends"
    assert [r.code for r in lone.gate.reasons] == ["chosen", "matched"]
    assert lone.gate.reasons[1].values == {"n_rounds": 8}
    assert "；前提是没有项目时，试点村此后的走势会与合成对照相同" in report.headline(lone, "zh")
    assert "weighted mix of comparison villages" in report.headline(lone, "en")


def test_the_assumption_of_the_interval_stands_on_the_page(lone: Finding) -> None:
    assert "前提是没有项目时，试点村偏离合成对照不会比它们更多" in how_sure(lone, "zh")
    assert "no more than these do" in how_sure(lone, "en")


def test_other_estimates_stand_beside(lone: Finding) -> None:
    """Synthetic control takes placebos too; did has no interval by default with one pilot village, and says so."""
    beside = dict(lone.robustness)
    assert beside["synthetic_control"].method == "placebo"
    assert beside["did"].row("att")["estimate"] is not None
    assert lone.event_study is not None


def test_json_carries_the_donors(lone: Finding) -> None:
    donors = json.loads(lone.to_json())["donors"]
    assert sum(d["weight"] for d in donors) == pytest.approx(1)
    assert len(donors) == 24


@pytest.mark.parametrize("method", ["conley_taber", "ferman_pinto"])
def test_did_with_one_pilot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    finding = _finding(
        tmp_path, monkeypatch, estimator="did", inference=method, robustness='["synthetic_did", "event_study"]'
    )
    assert finding.main.method == method
    assert finding.gate.claim == "effect_if_parallel_trends"
    assert [r.code for r in finding.gate.reasons] == ["chosen", "pre_trend_shown"]
    assert dict(finding.robustness)["synthetic_did"].method == "placebo"
    assert "前提是试点村与对照村受到的冲击" in how_sure(finding, "zh")
    assert "shocks of pilot and comparison villages" in how_sure(finding, "en")
    assert report.gap(finding).html == report.donors(finding).html == ""
    assert report.event_study(finding).block.html


def test_did_with_one_pilot_and_few_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default gives the bootstrap's interval, and the page says that it is long; nothing else gives one."""
    finding = _finding(tmp_path, monkeypatch, estimator="did", inference="auto", robustness='["pre_post"]', donors=6)
    row = finding.main.row("att")
    assert finding.main.method == "wild"
    assert row["conf_high"] - row["conf_low"] > 4 * row["std_error"]
    assert [r.code for r in finding.gate.reasons] == ["chosen", "pre_trend_shown"]
    assert "试点村只有一个，范围很宽，难以据此看出有无效果" in how_sure(finding, "zh")
    assert "with a single pilot village it is long and can hardly show an effect" in how_sure(finding, "en")
    assert dict(finding.robustness)["pre_post"].row("att")["conf_low"] is None


@pytest.mark.parametrize("method", ["crv1", "crv2"])
def test_other_methods_give_one_pilot_no_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    finding = _finding(tmp_path, monkeypatch, estimator="did", inference=method, robustness="[]", donors=6)
    assert finding.main.row("att")["conf_low"] is None
    assert finding.gate.claim == "not_reportable"


def test_gap_figure(lone: Finding) -> None:
    html = report.gap(lone).block.html
    zh, en = (json.loads(p) for p in PAYLOAD.findall(html))
    placebos, trace = en["data"]
    assert placebos["y"].count(None) == lone.match.n_sets == 24  # internal page: a line for each, parted by gaps
    assert placebos["x"][:13] == [*range(-8, 4), None]
    estimates = lone.main.tidy().filter(lone.main.tidy()["event_time"].is_not_null())
    assert trace["x"] == list(range(-8, 4))
    assert trace["y"] == estimates["estimate"].to_list()
    assert trace["error_y"]["array"][:8] == [None] * 8
    assert trace["error_y"]["array"][8] == pytest.approx(estimates["conf_high"][8] - estimates["estimate"][8])
    assert en["layout"]["yaxis"]["zeroline"] is True
    assert zh["data"][1]["y"] == trace["y"]
    amount = f"{lone.main.row('att')['estimate']:.1f}"
    assert f"<b>月销售额：项目开始后平均比合成对照高{amount}元/月</b>" in html
    assert f"<b>Monthly sales: after the start, {amount} yuan a month above the synthetic village" in html
    assert html.count("<table>") == 2


def test_public_pages_show_the_middle_of_placebos_only(lone: Finding) -> None:
    limits = lone.programme.disclosure.model_copy(update={"audience": "public"})
    public = replace(lone, programme=lone.programme.model_copy(update={"disclosure": limits}))
    area, _ = json.loads(PAYLOAD.findall(report.gap(public).block.html)[0])["data"]
    assert area["fill"] == "toself"
    assert area["y"][:12] == list(lone.match.low)
    assert publishable(public)["match"]["lines"] == ()
    assert len(publishable(lone)["match"]["lines"]) == 24


def test_the_page_says_how_small_p_can_get(lone: Finding) -> None:
    assert "试点可能落在的组合只有25种，碰巧的可能性最低也只能降到4.0%" in how_sure(lone, "zh")
    assert "only 25 sets of villages could have been the pilots, so chance cannot be put below 4.0%" in how_sure(
        lone, "en"
    )


def test_checks_by_hand(lone: Finding) -> None:
    """Rank 1 of 25 for the ratio; the pretended start is the first of the last third of rounds 1 to 8: round 7."""
    found = lone.match
    assert found.p_ratio == pytest.approx(1 / 25)
    assert found.start == 7
    basis_ = lone.main.estimate.basis
    early = basis_.refit(basis_.means[:, :8], basis_.share, np.arange(8) < 6, np.arange(8) >= 6)
    assert found.early == pytest.approx(early.att)
    assert found.jackknife is None  # one pilot village
    html = report.match_checks(lone).html
    assert "在25组中排第1" in html
    assert "number 1 of 25 sets" in html


def test_a_poor_match_says_less(lone: Finding) -> None:
    """The same evidence on both sides of .05."""
    from evalkit.gate import Evidence, open_gate

    evidence = Evidence(
        "chosen", 1, 24, has_interval=True, n_matched=8, covers_one_pilot=True, p_fit=0.05, p_early=0.05
    )
    assert open_gate(evidence).claim == "effect_if_parallel_trends"
    for change, code in (({"p_fit": 0.049}, "match_poor"), ({"p_early": 0.049}, "match_early")):
        gate = open_gate(replace(evidence, **change))
        assert (gate.claim, gate.reasons[1].code) == ("change_only", code)
        said = report.headline(replace(lone, gate=gate), "en")
        assert said.endswith("this is not a reliable estimate of the effect and cannot be attributed to the programme.")


def test_donor_figure(lone: Finding) -> None:
    html = report.donors(lone).block.html
    (trace,) = json.loads(PAYLOAD.findall(html)[0])["data"]
    assert trace["type"] == "bar"
    assert sum(trace["x"]) == pytest.approx(1)
    largest = max(lone.to_dict()["donors"], key=lambda d: d["weight"])
    assert trace["y"][-1] == largest["village"]
    assert f"{largest['weight']:.1%}" in html


def test_public_pages_number_the_donors(lone: Finding) -> None:
    limits = lone.programme.disclosure.model_copy(update={"audience": "public"})
    public = replace(lone, programme=lone.programme.model_copy(update={"disclosure": limits}))
    html = report.donors(public).block.html
    assert "对照村1" in html
    assert not [d["village"] for d in lone.to_dict()["donors"] if d["village"] in html]


def test_without_a_result_there_is_no_figure(lone: Finding) -> None:
    closed = replace(lone, gate=Gate("not_reportable", (Reason("no_interval"),)))
    assert report.gap(closed).html == report.donors(closed).html == ""


def test_other_findings_have_neither(income: Finding) -> None:
    assert report.gap(income).html == report.donors(income).html == ""
    assert report.event_study(income).block.html


def test_the_gap_takes_the_place_of_the_event_study(lone: Finding) -> None:
    assert report.event_study(lone).html == ""


def test_every_method_for_few_pilots_has_its_words() -> None:
    from evalkit.inference.infer import FOR_DONORS
    from evalkit.inference.lone_pilot import FEW_PILOTS
    from evalkit.report.wording import WORDS

    for lang in LANGUAGES:
        assert set(WORDS[lang].inferences) >= FEW_PILOTS | FOR_DONORS
        for method in FEW_PILOTS | FOR_DONORS:
            assert ("前提" if lang == "zh" else "assumes") in WORDS[lang].inferences[method]
