"""What the documents tell people to type works, and prints what they say."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from docs.making.blocks import differences, options, scene, steps
from docs.making.stage import ROOT, sources
from evalkit.cli import main

PAGES = [page for page in sources() if page.name != "CHANGELOG.md"]
RUN = [page for page in PAGES if steps((ROOT / page).read_text(encoding="utf-8"))]


def command_of(words: list[str]) -> click.Command:
    command: click.Command = main
    for word in words:
        if not isinstance(command, click.Group) or word not in command.commands:
            break
        command = command.commands[word]
    return command


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("page", RUN, ids=str)
def test_blocks_print_what_the_page_says(
    page: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALKIT_CACHE", str(cache))
    with scene(tmp_path):
        found = differences((ROOT / page).read_text(encoding="utf-8"))
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_options_exist(page: Path) -> None:
    found = []
    for line, given in options((ROOT / page).read_text(encoding="utf-8")):
        command = command_of(line.split())
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help", "--version"}
        found += [f"evalkit {line}: {option}" for option in given if option not in known]
    assert found == []


def test_a_difference_is_told(tmp_path: Path) -> None:
    with scene(tmp_path):
        assert "it prints\ntwo" in differences("```console\n$ echo two\none\n```\n")[0]
        assert differences("```console\n$ echo one two three\none … three\n```\n") == []
        assert "Expected:\n    3" in differences("```pycon\n>>> 1 + 1\n3\n```\n")[0]


def test_blocks_that_are_not_run_say_why() -> None:
    text = "<!-- not run: needs a server -->\n```console\n$ false\n```\n```python\na = 1\n```\n"
    assert [s.kind for s in steps(text)] == ["python"]


def test_options_are_read_from_indented_and_prompted_lines() -> None:
    text = "    .venv/bin/evalkit run x --out y\n\n```console\n$ evalkit plan lock z \\\n    --no-such\n```\n"
    assert [given for _, given in options(text)] == [["--out"], ["--no-such"]]
