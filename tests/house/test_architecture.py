"""ARCHITECTURE.md lists each module of evalkit with what it is for, and nothing that isn't there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path


def listed(text: str) -> set[str]:
    """Paths in the fenced block that begins with ```modules: folders end in /, what stands in them is indented."""
    block = re.search(r"^```modules\n(.*?)^```", text, re.MULTILINE | re.DOTALL).group(1)
    found, folder = set(), ""
    for line in filter(str.strip, block.splitlines()):
        name = line.split()[0]
        if name.endswith("/"):
            folder = name
        else:
            found.add((folder if line.startswith(" ") else "") + name)
    return found


def test_listed_reads_folders_and_files():
    assert listed("```modules\na.py  first\nb/    folder\n  c.py  second\nd.py\n```\n") == {"a.py", "b/c.py", "d.py"}


def test_architecture_names_every_module_and_no_other(root: Path):
    package = root / "evalkit"
    there = {p.relative_to(package).as_posix() for p in package.rglob("*.py")}
    named = listed((root / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    assert {"not listed": there - named, "not there": named - there} == {"not listed": set(), "not there": set()}


def test_architecture_says_of_each_module_what_its_docstring_says(root: Path):
    """A docstring that was changed since is found here and by the hook, which writes the list anew."""
    made = runpy.run_path(str(root / ".ci" / "architecture.py"))["module_list"](root / "evalkit")
    assert f"```modules\n{made}```" in (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
