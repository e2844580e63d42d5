"""Pages: an executed notebook to HTML by nbconvert with a template of our own; code stays in the notebook file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from evalkit.errors import visible
from evalkit.report.block import both, described, text
from evalkit.report.wording import WORDS, Language

Opening = Literal["zh", "en", "both"]
ASSETS = ("plotly-cartesian.min.js", "plotly-cartesian.LICENSE.txt", "page.css", "page.js", "index.js")


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows besides the notebook's outputs.

    ``root`` is the way up to the findings folder (``../``), ``home`` the link to the list, empty on internal pages.
    ``lang`` is the language the page opens in; ``both`` = the reader's.
    """

    title: Mapping[Language, str]
    kicker: Mapping[Language, str]
    root: str
    home: str
    stem: str
    version: str
    simulated: bool
    internal: bool
    lang: Opening = "both"
    has_json: bool = False
    has_workbook: bool = False
    has_notebook: bool = True


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a page could not be made: what was found, what is needed, what to do."""

    reason: str
    needed: str = ""
    todo: str = ""


def render(notebook: Any, page: Page) -> str:
    """Return the page of an executed notebook (an nbformat node)."""
    return _rendered(notebook, _context(page, ""))


def render_failure(page: Page, failure: Failure) -> str:
    """Return the page of a run that failed, with the plain reason."""
    from nbformat.v4 import new_notebook

    body = both(lambda lang: _failure_html(failure, lang))
    return _rendered(new_notebook(), _context(page, body))  # type: ignore[no-untyped-call]


def _rendered(notebook: Any, context: Mapping[str, Any]) -> str:
    """Fill in the template; an exporter would first copy the notebook three times for preprocessors, which we have not.

    `HTMLExporter` would also parse the finished page for marks of JupyterLab.
    """
    return str(_exporter().template.render(nb=notebook, resources={"page": context}))


def asset_bytes() -> dict[str, bytes]:
    """Return the files that all pages share, by name."""
    folder = files("evalkit.report").joinpath("assets")
    return {name: folder.joinpath(name).read_bytes() for name in ASSETS}


def script_json(value: Any) -> str:
    """Return JSON that cannot end the script element it stands in."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")


@cache
def _exporter() -> Any:
    """Return nbconvert's exporter with our template; making it costs more than using it: each process keeps one."""
    from nbconvert.exporters import TemplateExporter

    folder = Path(str(files("evalkit.report").joinpath("templates")))
    exporter = TemplateExporter(  # type: ignore[no-untyped-call]
        extra_template_basedirs=[str(folder)],
        template_name="evalkit",
        file_extension=".html",
        filters={"markdown2html": markdown_html, "script_json": script_json},
    )
    return exporter


def markdown_html(source: str) -> str:
    """Return a cell of text as HTML; mathematics stays as written, headings have no anchors."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    return str(MarkdownWithMath(IPythonRenderer(escape=False, exclude_anchor_links=True)).render(source))


def _context(page: Page, body: str) -> dict[str, Any]:
    """Return the template's variables; words in both languages with the endings _zh and _en."""
    context: dict[str, Any] = {k: v for k, v in asdict(page).items() if k not in ("title", "kicker")}
    context |= {
        "body": body,
        "lang_attribute": "en" if page.lang == "en" else "zh-CN",
        "banner": WORDS["zh"].label("banner"),
        "banner_real": WORDS["zh"].label("banner_real"),
    }
    context["downloads"] = _downloads(page)
    for lang, words in WORDS.items():
        shown = {
            "title": visible(page.title[lang]),
            "kicker": visible(page.kicker[lang]),
            "generated": words.label("generated", version=page.version),
        }
        shown |= {k: words.label(k) for k in ("home", "switch", "internal", "downloads")} | {
            "banner": words.label("banner_text")
        }
        context |= {f"{key}_{lang}": value for key, value in shown.items()}
    return context


def _downloads(page: Page) -> list[dict[str, str]]:
    kinds = [("ipynb", "notebook_file")] if page.has_notebook else []
    kinds += [("xlsx", "workbook_file")] if page.has_workbook else []
    kinds += [("json", "json_file")] if page.has_json else []
    return [
        {"href": f"{page.stem}.{ending}", "zh": WORDS["zh"].label(key), "en": WORDS["en"].label(key)}
        for ending, key in kinds
    ]


def _failure_html(failure: Failure, lang: Language) -> str:
    words = WORDS[lang]
    items = [("failed_reason", failure.reason), ("failed_needed", failure.needed), ("failed_todo", failure.todo)]
    told = described((words.label(key), value) for key, value in items)
    title, rest = text(words.label("failed")), text(words.label("failed_rest"))
    return f'<section class="answer"><h2>{title}</h2>{told}<p>{rest}</p></section>'
