"""Sphinx's settings. Sources are staged by `docs.making.stage`; nothing is fetched when pages are built or read."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from sphinx.search import languages

from docs.making import stage
from docs.making.search import HAN, ChineseAndEnglish
from evalkit import __version__

project = "evalkit"
author = "evalkit authors"
version = release = __version__
root_doc = stage.ROOT_PAGE
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
suppress_warnings = ["misc.highlighting_failure"]  # TOML with a placeholder, a console with an ellipsis
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
default_role = "code"  # docstrings write names in single backticks
html_theme = "furo"
html_title = f"evalkit {release}"
html_static_path = [str(Path(__file__).parent / "static")]
html_css_files = ["print.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": False}
html_search_language = ChineseAndEnglish.lang
languages[ChineseAndEnglish.lang] = ChineseAndEnglish  # type: ignore[assignment]


def plain_bars(_app: Any, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """Let |t| in a docstring be |t|: outside of backticks, bars would ask for a substitution."""
    for n, line in enumerate(lines):
        parts = line.split("`")
        lines[n] = "`".join(part if i % 2 else part.replace("|", r"\|") for i, part in enumerate(parts))


def join_chinese(_app: Any, _page: str, source: list[str]) -> None:
    """Let a Chinese sentence go on over the end of a line: a browser would show the line's end as a space."""
    source[0] = re.sub(f"(?<=[{HAN}，。；：、）”’])\\n(?=[{HAN}（“‘])", "", source[0])


def setup(app: Any) -> dict[str, Any]:
    """Say that pages may be read and written side by side."""
    app.connect("source-read", join_chinese)
    app.connect("autodoc-process-docstring", plain_bars)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
