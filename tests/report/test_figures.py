"""Figures draw with the vendored bundle, and say in words what they show."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs_version

import evalkit
from evalkit import report
from evalkit.finding import Finding
from evalkit.report.figures import TRACE_TYPES, Axes, Series, plot, wrapped
from evalkit.report.forest import forest
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
    drawn += [report.village_strip(income), report.distribution(income), report.sensitivity(income)]
    return [*drawn, report.gap(lone), report.donors(lone)]


def test_only_declared_kinds_of_traces_are_used(saved: Finding, income: Finding, lone: Finding):
    drawn = [json.loads(p) for f in figures(saved, income, lone) for p in PAYLOAD.findall(f.block.html)]
    assert {trace["type"] for figure in drawn for trace in figure["data"]} == set(TRACE_TYPES)
    assert len(drawn) == 18


def test_plotly_s_own_library_accepts_every_figure(saved: Finding, income: Finding, lone: Finding):
    """It raises on attributes and values that plotly.js does not know, and drops what says nothing."""
    for payload in (p for f in figures(saved, income, lone) for p in PAYLOAD.findall(f.block.html)):
        figure = json.loads(payload)
        assert json.loads(go.Figure(figure).to_json()) == figure


def test_figures_of_each_kind_of_axis_and_series_are_accepted():
    several = [Series("a", [1, 2], [1.0, None], low=[0.5, None], high=[2.0, None], across=across) for across in (0, 1)]
    several += [Series("", [1, 2], [1.0, 2.0], filled=True), Series("b", [0.5], ["x"], mode="bars")]
    axes = [Axes("t", "v", zero=True, marks=(1.5,), months=True), Axes("", "", percent_x=True, whole_x=True)]
    axes += [Axes("", "", range_x=(0.0, 2.0)), Axes("", "", map_ratio=1.2)]
    for axis in (*axes, Axes("t", "v", percent_y=True, legend=False, ticks_y=((0.0, "p"), (1.0, "q")))):
        figure = plot(several, axis)
        assert json.loads(go.Figure(figure).to_json()) == figure


def test_each_figure_has_title_alternative_text_and_table(saved: Finding, income: Finding, lone: Finding):
    for figure in figures(saved, income, lone):
        html = figure.block.html
        assert html.count("<figcaption><b>") == html.count('role="img" aria-label="') == html.count("<table>") == 2
        assert not re.search(r'aria-label=""', html)


def test_event_study_shows_the_base_at_zero_without_interval(income: Finding):
    figure = json.loads(PAYLOAD.findall(report.event_study(income).block.html)[0])
    _, gaps = figure["data"]
    base = gaps["x"].index(-2)
    assert (gaps["y"][base], gaps["error_y"]["array"][base]) == (0.0, None)
    assert figure["layout"]["yaxis"]["zeroline"] is True


@pytest.mark.parametrize(("place", "names"), [(0, ("各轮", "差距")), (1, ("band", "Gap"))])
def test_event_study_shows_the_band_behind_the_intervals(income: Finding, place: int, names: tuple[str, str]):
    """It is as wide as each interval and wider, has its own column, and the legend names both."""
    html = report.event_study(income).block.html
    figure = json.loads(PAYLOAD.findall(html)[place])
    band, gaps = figure["data"]
    assert all(word in trace["name"] for word, trace in zip(names, (band, gaps), strict=True))
    assert figure["layout"]["showlegend"] is True
    tops = band["y"][len(gaps["y"]) :][::-1]
    ends = [None if h is None else y + h for y, h in zip(gaps["y"], gaps["error_y"]["array"], strict=True)]
    assert all(top > end for top, end in zip(tops, ends, strict=True) if end is not None)
    assert html.count(">95 % band for all rounds</th>") == html.count(">各轮同时成立的95%区间</th>") == 1


def test_no_band_without_a_covariance(income: Finding):
    """The wild bootstrap has none: one series, no column, and the subtitle speaks of intervals only."""
    html = report.event_study(replace(income, band=None)).block.html
    assert len(json.loads(PAYLOAD.findall(html)[0])["data"]) == 1
    assert "band" not in html


def test_joint_test_of_leads_is_told(income: Finding):
    assert income.pre_trend is not None
    wald = replace(income.pre_trend, joint="wald", df_joint=20.0)
    html = report.event_study(replace(income, pre_trend=wald)).block.html
    assert f"Joint test that all gaps before the start are 0, p: {wald.p_joint:.3f}." in html
    bound = replace(income.pre_trend, joint="bonferroni", df_joint=None)
    html = report.event_study(replace(income, pre_trend=bound)).block.html
    assert "Bonferroni's bound on p" in html.replace("&#x27;", "'").replace("&#39;", "'")


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
    assert "各轮同时成立的95%区间" in html
    assert "95 % band for all rounds" in html


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


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("", [""]),
        ("户均贷款余额", ["户均贷款余额"]),
        ("客户月均购买产地农产品金额", ["客户月均购买产", "地农产品金额"]),
        ("9300至11000元/年", ["9300至", "11000元/年"]),
    ],
)
def test_a_chinese_label_is_cut_evenly_and_never_within_a_number(name: str, lines: list[str]):
    assert wrapped(name, "zh") == "<br>".join(lines)
