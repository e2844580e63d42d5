"""The blocks of the documents, run: `python -m docs.making.blocks docs/start.md` shows where a page says otherwise.

A ``console`` block has lines that begin with ``$``, each followed by what it prints (``…`` stands for anything);
``python`` blocks of a page are run one after the other in one place; ``pycon`` blocks as doctest does.
``<!-- not run: why -->`` before a block leaves it out.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from docs.making.stage import ROOT

BLOCK = re.compile(r"(<!-- not run: [^>]+ -->\n)?^```(console|python|pycon)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?: {4}|\$ )(?:\.venv/bin/)?evalkit (.*?[^\\])$", re.MULTILINE | re.DOTALL)
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a page says: code or a command, and what it should print ("" = whatever it prints)."""

    kind: str
    code: str
    wanted: str


def steps(text: str) -> list[Step]:
    """Return the steps of a page, in order."""
    found = []
    for not_run, kind, body in BLOCK.findall(text):
        if not not_run:
            found += _commands(body) if kind == "console" else [Step(kind, body, "")]
    return found


def _commands(body: str) -> list[Step]:
    """Split a console block at its prompts; a line that ends in a backslash goes on."""
    parts = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
    found = []
    for part in parts:
        command, _, printed = part.replace("\\\n", " ").partition("\n")
        found.append(Step("console", command.strip(), printed.strip()))
    return found


def options(text: str) -> list[tuple[str, list[str]]]:
    """Return each evalkit command that a page names, run or not, as its words, with the options that it is given."""
    lines = [" ".join(shlex.split(line.replace("\\\n", " "), comments=True)) for line in COMMAND.findall(text)]
    return [(line, re.findall(r"(?<!\S)--[a-z-]+", line)) for line in lines]


@contextlib.contextmanager
def scene(folder: Path) -> Iterator[Path]:
    """Stand in a folder with the project's programmes and notebooks, as a reader does; raw files are a copy."""
    for name in ("data_raw", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)


def differences(text: str) -> list[str]:
    """Run the steps of a page in the current folder, and say where it prints something else than the page says."""
    names: dict[str, object] = {}
    found = []
    for step in steps(text):
        printed = printed_by(step, names)
        if step.kind == "pycon" and printed:
            found.append(printed)
        if step.wanted and not doctest.OutputChecker().check_output(_loose(step.wanted), printed + "\n", LOOSE):
            found.append(f"{step.code}\n--- the page says\n{step.wanted}\n--- it prints\n{printed}")
    return found


def _loose(wanted: str) -> str:
    return wanted.replace("…", "...") + "\n"


def printed_by(step: Step, names: dict[str, object]) -> str:
    """Run one step and return what a command prints, errors too, or what doctest complains of."""
    if step.kind == "console":
        return _shell(step.code)
    if step.kind == "python":
        exec(compile(step.code, "page", "exec"), names)
        return ""
    test = doctest.DocTestParser().get_doctest(step.code.replace("…", "..."), names, "page", None, 0)
    report = io.StringIO()
    doctest.DocTestRunner(optionflags=LOOSE).run(test, out=report.write, clear_globs=False)
    names.update(test.globs)
    return report.getvalue()


def _shell(command: str) -> str:
    words = shlex.split(command, comments=True)
    if words[0] == "evalkit" and words[1] != "run" and not {"|", ">", "&&", ";"} & set(words):
        from evalkit.cli import main

        return CliRunner().invoke(main, words[1:], catch_exceptions=False).output.strip()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    words = ["bash", "-c", f"exec 2>&1; {command}"]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False, env=environment)
    return done.stdout.strip()


def main() -> int:
    """Run the pages that are named, each in a folder of its own, and print the differences."""
    import tempfile

    found = []
    for name in sys.argv[1:]:
        text = Path(name).read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder, scene(Path(folder)):
            found += differences(text)
    print("\n\n".join(found) or "as the pages say")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
