"""Figures draw with the vendored bundle, and say in words what they show."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs_version

import evalkit
from evalkit import report
from evalkit.finding import Finding
from evalkit.report.figures import TRACE_TYPES
from evalkit.report.overview import forest
from evalkit.report.page import asset_bytes

PAYLOAD = re.compile(r'<script type="application/json">(.*?)</script>', re.S)


@pytest.fixture(scope="module")
def bundle() -> str:
    return asset_bytes()["plotly-cartesian.min.js"].decode()


def test_bundle_is_the_version_that_plotly_py_writes_for(bundle: str):
    assert f"plotly.js (cartesian - minified) v{get_plotlyjs_version()}" in bundle[:200]


def test_bundle_has_its_licence():
    assert b"MIT" in asset_bytes()["plotly-cartesian.LICENSE.txt"]


@pytest.mark.parametrize("kind", sorted(TRACE_TYPES))
def test_bundle_draws_every_kind_of_trace(bundle: str, kind: str):
    assert re.search(rf'moduleType:"trace",name:"{kind}"', bundle)


def figures(saved: Finding, income: Finding, lone: Finding) -> list:
    drawn = [report.means(saved), report.means(income), report.event_study(income), forest([saved, income])]
    return [*drawn, report.gap(lone), report.donors(lone)]


def test_only_declared_kinds_of_traces_are_used(saved: Finding, income: Finding, lone: Finding):
    drawn = [json.loads(p) for f in figures(saved, income, lone) for p in PAYLOAD.findall(f.block.html)]
    assert {trace["type"] for figure in drawn for trace in figure["data"]} == set(TRACE_TYPES)
    assert len(drawn) == 12


def test_each_figure_has_title_alternative_text_and_table(saved: Finding, income: Finding, lone: Finding):
    for figure in figures(saved, income, lone):
        html = figure.block.html
        assert html.count("<figcaption><b>") == html.count('role="img" aria-label="') == html.count("<table>") == 2
        assert not re.search(r'aria-label=""', html)


def test_event_study_shows_the_base_at_zero_without_interval(income: Finding):
    figure = json.loads(PAYLOAD.findall(report.event_study(income).block.html)[0])
    band, trace = figure["data"]
    base = trace["x"].index(-2)
    assert (trace["y"][base], trace["error_y"]["array"][base]) == (0.0, None)
    assert [y for x, y in zip(band["x"], band["y"], strict=True) if x == -2] == [0.0, 0.0]
    assert figure["layout"]["yaxis"]["zeroline"] is True


def test_event_study_shows_the_band_beyond_the_intervals(income: Finding):
    """At each round the area reaches at least as far as the bars."""
    band, gaps = json.loads(PAYLOAD.findall(report.event_study(income).block.html)[0])["data"]
    n = len(gaps["x"])
    low, high = (
        dict(zip(band["x"][:n], band["y"][:n], strict=True)),
        dict(zip(band["x"][n:], band["y"][n:], strict=True)),
    )
    bars = gaps["error_y"]
    for x, y, up, down in zip(gaps["x"], gaps["y"], bars["array"], bars["arrayminus"], strict=True):
        assert up is None or (low[x] < y - down and y + up < high[x])


def test_no_band_without_a_covariance(income: Finding):
    """The wild bootstrap has none: one series, no column, and the subtitle speaks of intervals only."""
    html = report.event_study(replace(income, band=None)).block.html
    assert len(json.loads(PAYLOAD.findall(html)[0])["data"]) == 1
    assert "uniform band" not in html


def test_test_of_leads_is_told(income: Finding):
    """By its own name, a joint test or a bound; with one lead its p stands in the table and nothing is added."""
    leads = income.pre_trend
    assert leads is not None

    def told(**changes: object) -> str:
        html = report.event_study(replace(income, pre_trend=replace(leads, **changes))).block.html
        return html.replace("&#x27;", "'").replace("&#39;", "'")

    joint, bound = told(joint="wald", p_joint=0.2), told(joint="bonferroni", p_joint=0.3)
    assert "Joint test that all gaps before the start are 0, p: 0.200." in joint
    assert "Bonferroni's bound on p: 0.300." in bound
    assert "联合检验，p值：0.200。" in joint
    assert "before the start are 0" not in told(n_leads=1)


def test_alternative_text_holds_the_numbers(income: Finding):
    html = report.event_study(income).block.html
    estimate = income.event_study.row("event_time=2")["estimate"]
    assert f"2: +{estimate:,.0f} yuan a year" in html


def test_a_uniform_band_is_drawn_and_told(income: Finding):
    """Around the points and back; at the base it has no width."""
    study = evalkit.infer(income.event_study.estimate, "multiplier", draws=199)
    html = report.event_study(replace(income, event_study=study)).block.html
    band, gap = json.loads(PAYLOAD.findall(html)[0])["data"]
    assert (band["fill"], band["x"]) == ("toself", [*gap["x"], *reversed(gap["x"])])
    base = gap["x"].index(-2)
    assert (band["y"][base], band["y"][-1 - base]) == (0.0, 0.0)
    assert all(low <= y <= high for low, y, high in zip(band["y"], gap["y"], reversed(band["y"]), strict=False))
    assert "95%一致带" in html
    assert "95 % uniform band" in html


def test_the_path_is_that_of_the_plan_s_estimator(income: Finding):
    assert income.event_study.estimate.estimator == income.main.estimate.estimator == "group_time"
    assert income.event_study.row("event_time=-2")["estimate"] == 0.0


def test_page_style_has_no_address(root: Path):
    texts = [asset_bytes()[name].decode() for name in ("page.css", "page.js", "index.js")]
    assert not [t for t in texts if re.search(r"https?:|//\w+\.\w+/", t)]


def test_forest_holds_zero(saved: Finding, income: Finding):
    figure = json.loads(PAYLOAD.findall(forest([saved, income]).block.html)[0])
    axis = figure["layout"]["xaxis"]
    assert (axis["zeroline"], axis["rangemode"]) == (True, "tozero")
