"""What holds for all simulated programmes: names, size, the origin of each number, growth as the file says."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.simulate import replicate, scenarios
from evalkit.simulate.registry import numbers

DATA = Path(__file__).parents[2] / "data_raw"
MOST_BYTES = 40e6
"""All of them together."""


def test_each_scenario_has_its_programme_and_all_are_small() -> None:
    simulated = [p.parent for p in DATA.glob("*/programme.toml") if evalkit.load(p.parent).is_simulated]
    assert sorted(f.name for f in simulated) == scenarios()
    assert sum(f.stat().st_size for folder in simulated for f in folder.iterdir()) < MOST_BYTES


@pytest.mark.parametrize("name", scenarios())
def test_the_readme_says_simulated_and_how_the_files_are_linked(name: str) -> None:
    text = (DATA / name / "README.md").read_text(encoding="utf-8")
    assert "SIMULATED" in text
    assert "模拟" in text
    assert f"python -m evalkit.simulate {name}" in text
    assert "link" in text or "joins" in text
    raw = {f.name for f in (DATA / name).iterdir()} - {"README.md", "programme.toml"}
    assert [file for file in sorted(raw) if not _named(file, text)] == []


def _named(file: str, text: str) -> bool:
    """Whether a README names a file, or the pattern of its rounds."""
    pattern = "".join("" if c.isdigit() else c for c in file).replace("_.", "_{year}.")
    return file in text or pattern in text


@pytest.mark.parametrize("name", scenarios())
def test_every_number_of_a_scenario_says_where_it_comes_from(name: str) -> None:
    """By a line of the article or as an assumption: in its own comment, or in one above it in the same table."""
    said, bare = False, []
    for line in numbers(name).splitlines():
        value, _, comment = line.partition("#")
        origin = "article line" in comment or "assumption" in comment.lower()
        is_number = "=" in value and any(c.isdigit() for c in value.split("=", 1)[1])
        bare += [line] if is_number and not (said or origin) else []
        said = origin or (said and not value.startswith("[")) if not is_number else said
    assert bare == []


@pytest.mark.parametrize(
    ("name", "indicator", "growth"),
    [
        ("suqian_ecommerce", "disposable_income_pc_yuan", 2940),
        ("weinan_teams", "online_sales_yuan", 1700),
        ("suqian_post", "net_income_per_mu_yuan", 130),
    ],
)
def test_without_chance_comparison_units_grow_as_the_file_says(name: str, indicator: str, growth: float) -> None:
    """From the first to the last year, each unit that never takes part, to the cent."""
    design = evalkit.load(DATA / name).design
    frame = replicate(name, 3, holds=True, calm=True).frame.filter(pl.col(design.first_treated or "").is_null())
    if design.take_up:
        frame = frame.filter(pl.col(design.take_up).max().over(design.unit) == 0)
    first, last = frame["year"].min(), frame["year"].max()
    wide = frame.pivot("year", index=design.unit, values=indicator).drop_nulls([str(first), str(last)])
    changes = wide[str(last)] - wide[str(first)]
    assert len(changes) > 100
    assert changes.to_numpy() == pytest.approx(growth, abs=0.01)
