"""Block: what the report's functions return; it shows itself in Jupyter and on the page, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from evalkit.errors import visible
from evalkit.report.wording import LANGUAGES, Language

FINDING_MIME = "application/vnd.evalkit.finding+json"
SUMMARY_MIME = "application/vnd.evalkit.summary+json"
CHECKED_MIME = "application/vnd.evalkit.checked+json"
"""Marks what the report made: a public page shows nothing else."""
PLOTLY_MIME = "application/vnd.plotly.v1+json"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page: HTML that holds both languages, and further forms of it by mime type."""

    html: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def __add__(self, other: Block) -> Block:
        return Block(self.html + other.html, {**self.data, **other.data})

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self.html, CHECKED_MIME: {}, **self.data}


@dataclass(frozen=True, slots=True)
class FigureBlock:
    """A figure with its title, alternative text and table; JupyterLab gets the plotly figure first, then the rest."""

    block: Block
    figure: Mapping[str, Any]

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display({PLOTLY_MIME: self.figure}, raw=True, metadata={"evalkit": {"page": False}})  # type: ignore[no-untyped-call]
        display(self.block)  # type: ignore[no-untyped-call]


def both(make: Callable[[Language], str], tag: str = "div") -> str:
    """Return what `make` gives in each language, in elements that the page's switch shows and hides."""
    return "".join(f'<{tag} lang="{lang}">{make(lang)}</{tag}>' for lang in LANGUAGES)


def described(lines: Iterable[tuple[str, str]]) -> str:
    """Return a list of heads, each with the text that belongs to it; a head without text is left out."""
    rows = "".join(f"<div><dt>{text(head)}</dt><dd>{text(said)}</dd></div>" for head, said in lines if said)
    return f"<dl>{rows}</dl>"


def text(value: object) -> str:
    """Return a value as text that can do nothing in a page: no markup, and no mark that turns what follows it round."""
    return escape(visible(str(value)), quote=True)


def heading(make: Callable[[Language], str], level: int = 2) -> str:
    """Return a heading in both languages."""
    return f"<h{level}>{both(lambda lang: text(make(lang)), 'span')}</h{level}>"


def paragraph(make: Callable[[Language], str], kind: str = "note") -> str:
    """Return a paragraph in both languages; `make` gives plain text."""
    return f'<div class="{kind}">{both(lambda lang: text(make(lang)), "p")}</div>'
