"""No option without somebody who needs it: docs/options.md names for each who does, and no option that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from evalkit.cli import main

ROW = re.compile(r"^\| `([a-z -]+)` \| `(--[a-z-]+)` \| ([a-z]+) \| (.+) \|$", re.MULTILINE)
Named = tuple[str, str]


def options(command: click.Command, name: tuple[str, ...] = ()) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each option of a command and of those below it: the command's name, and the ways to write the option."""
    if isinstance(command, click.Group):
        for own, below in command.commands.items():
            yield from options(below, (*name, own))
        return
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield " ".join(name), frozenset([*parameter.opts, *parameter.secondary_opts])


def gaps(text: str, command: click.Command) -> tuple[list[str], list[Named]]:
    """Return the options without a line, and the lines without an option."""
    named = [(c, o) for c, o, _, _ in ROW.findall(text)]
    there = list(options(command))
    unnamed = [f"{c} {sorted(ways)[0]}" for c, ways in there if not any((c, o) in named for o in ways)]
    gone = [(c, o) for c, o in named if not any(c == d and o in ways for d, ways in there)]
    return unnamed, gone


@pytest.fixture
def text(root: Path) -> str:
    return (root / "docs" / "options.md").read_text(encoding="utf-8")


def test_every_option_has_somebody_who_needs_it(text: str):
    assert gaps(text, main) == ([], [])


def test_who_needs_it_is_one_of_the_people_of_the_page(text: str):
    people = set(re.findall(r"\*\*([a-z]+)\*\*", text))
    assert {who for _, _, who, _ in ROW.findall(text)} == people


def test_an_option_that_nobody_needs_is_found():
    """Of two options one has a line; a line names an option that has gone."""
    made = click.Group("g", commands={"a": click.Command("a", params=[click.Option(["--x"]), click.Option(["--y"])])})
    text = "| `a` | `--x` | keeper | this |\n| `a` | `--z` | keeper | that |\n"
    assert gaps(text, made) == (["a --y"], [("a", "--z")])
