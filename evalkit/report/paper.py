"""A page as it is printed: one language, open throughout, without links, and below each sheet where it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping

from evalkit.report.single import self_contained, without_ways_out
from evalkit.report.wording import Language

OPENING = re.compile(r"<html [^>]*>")
LINK = re.compile(r"<(/?)a\b[^>]*>")
WIDTH = 680
"""Width of what is printed in CSS pixels: A4 less margins of 15 mm, so that figures are drawn as wide as the paper."""
SHEET = """
@page {{ size: A4; margin: 16mm 15mm 20mm;
  @bottom-left {{ content: "{footer}"; white-space: pre; font: 6.5pt/1.4 monospace; color: #55616e; }}
  @bottom-right {{ content: counter(page) "/" counter(pages); font: 8pt sans-serif; color: #55616e; }} }}
html, body {{ margin: 0; padding: 0; max-width: none; }}
"""


def for_paper(html: str, assets: Mapping[str, bytes], lang: Language, footer: str) -> str:
    """Return a page for printing, as one file.

    Links become plain text: on paper they lead nowhere, and in a PDF they would hold the folder it was printed in.

    Raises
    ------
    DataError
        The page is not one of this version's.
    """
    plain = LINK.sub(lambda m: f"<{m[1]}span>", without_ways_out(html)).replace("<details>", "<details open>")
    shown = "en" if lang == "en" else "zh-CN"
    page = self_contained(OPENING.sub(f'<html lang="{shown}" data-lang="{lang}">', plain, count=1), assets)
    return page.replace("</head>", f"<style>{SHEET.format(footer=css_text(footer))}</style>\n</head>", 1)


def css_text(text: str) -> str:
    r"""Return text for a CSS string inside a style element: all but letters, digits and spaces as \ and its number."""
    return "".join(c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):x} " for c in text)
