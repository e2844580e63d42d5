"""The page of the notebooks: what each shows, its parameters, and its cells as they run."""

from __future__ import annotations

import json
import re
from pathlib import Path

from docs.making.stage import ROOT

HEAD = """# Notebooks

`evalkit run` executes these and makes a page of each; `make lab` opens them. The first cell holds the parameters.
Texts between cells are in both languages, and a page shows the reader's.
"""


def page() -> str:
    """Return the page of all notebooks."""
    return "\n".join([HEAD, *(_notebook(file) for file in sorted((ROOT / "notebooks").glob("*.ipynb")))])


def _notebook(file: Path) -> str:
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join([f"## {file.stem}", *(_cell(c["cell_type"], "".join(c["source"])) for c in cells)])


def _cell(kind: str, source: str) -> str:
    if kind == "code":
        return f"```python\n{source}\n```"
    return re.sub(r"^#+ (.*)$", r"**\1**", re.sub(r"</?div[^>]*>\n?", "", source), flags=re.MULTILINE)
