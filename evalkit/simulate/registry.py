"""The scenarios there are: each is a folder here with its numbers (scenario.toml), its files and its redrawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import cast

import polars as pl

from evalkit.errors import UsageError, nearest

NUMBERS = "scenario.toml"


@dataclass(frozen=True, slots=True)
class Replicate:
    """One redrawing of a scenario as an evaluator would hold it after intake, without dirt, and what is true of it.

    Parameters
    ----------
    frame : polars.DataFrame
        A row for each unit and round, with the design's columns under the names of programme.toml, and each indicator
        under its name, money in constant yuan.
    truth : Mapping
        For each indicator the effect that its plan asks for, over the rows of ``frame``.
    late : Mapping
        Where units may take part or not: the effect on those who take part because they were assigned.
    """

    frame: pl.DataFrame
    truth: Mapping[str, float]
    late: Mapping[str, float] = field(default_factory=dict)


def scenarios() -> list[str]:
    """Return the names of the scenarios there are."""
    root = files("evalkit.simulate")
    return sorted(f.name for f in root.iterdir() if f.is_dir() and (f / NUMBERS).is_file())


def write_programme(name: str, out: Path) -> list[Path]:
    """Draw a scenario and write its raw files into a folder; the same scenario always gives the same bytes."""
    return cast("list[Path]", import_module(f"evalkit.simulate.{known(name)}").write_programme(out))


def replicate(name: str, seed: int, *, holds: bool, calm: bool = False) -> Replicate:
    """Draw a scenario anew.

    Parameters
    ----------
    holds : bool
        Whether to leave out what breaks the assumptions of the plan's estimator.
    calm : bool
        Whether to leave out what chance brings: differences between places and persons, shocks, noise. What is left is
        the course that the scenario's file sets, and who is met when.
    """
    drawn = import_module(f"evalkit.simulate.{known(name)}").replicate(seed, holds=holds, calm=calm)
    return cast("Replicate", drawn)


def numbers(name: str) -> str:
    """Return the text of a scenario's file of numbers."""
    return (files("evalkit.simulate") / known(name) / NUMBERS).read_text(encoding="utf-8")


def known(name: str) -> str:
    """Return the name of a scenario; raise UsageError naming the nearest where there is none."""
    if name not in scenarios():
        raise UsageError(
            "scenario", f"{name!r} is unknown ({nearest(name, scenarios())})", "a known scenario", "correct the name"
        )
    return name
