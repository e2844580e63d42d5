"""[design] path = "year": where a plan may ask for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import evalkit
from evalkit import PlanError

LIVE = Path(__file__).parents[1] / "data_raw" / "suqian_live"


def _copy(folder: Path, old: str, new: str) -> Path:
    shutil.copytree(LIVE, folder)
    plan = folder / "programme.toml"
    text = plan.read_text(encoding="utf-8")
    assert old in text
    plan.write_text(text.replace(old, new), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('period        = "month"', "", "is for rounds that are months"),
        ('comparison    = "never"', 'comparison    = "never"\nanticipation  = 6', "anticipation must be whole years"),
        ('estimator  = "did"', 'estimator  = "group_time"', "not for 'group_time'"),
        ('path          = "year"', 'path          = "quarter"', "Input should be 'year'"),
    ],
)
def test_what_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        evalkit.load(_copy(tmp_path / "copy", old, new))


def test_a_year_ahead_moves_the_base_by_one_point(tmp_path: Path) -> None:
    ahead = 'comparison    = "never"\nanticipation  = 12'
    programme = evalkit.load(_copy(tmp_path / "copy", 'comparison    = "never"', ahead))
    finding = evalkit.evaluate(programme, "orders_online")
    assert finding.pre_trend is not None
    assert finding.pre_trend.n_leads == 1
    assert finding.pre_trend.largest_lead_term == "event_time=-3"
    reason = next(r for r in finding.gate.reasons if r.code == "pre_trend_shown")
    assert reason.values["n_leads"] == 12


def test_without_it_each_month_has_its_own_point_and_a_range_by_village(tmp_path: Path) -> None:
    """`two_way` cannot read chance off a coefficient for each month; the path then says how its intervals are made."""
    finding = evalkit.evaluate(evalkit.load(_copy(tmp_path / "copy", 'path          = "year"', "")), "orders_online")
    assert finding.main.method == "two_way"
    assert finding.event_study is not None
    assert finding.event_study.method == "jackknife"
    assert len(finding.event_study.estimate.terms) == 1 + 60
