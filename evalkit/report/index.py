"""index.html: every public page of a run with its one sentence, filters, and which programmes are real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from evalkit.gate import CLAIMS
from evalkit.report.block import both, text
from evalkit.report.page import Opening
from evalkit.report.sparkline import Interval, sparkline
from evalkit.report.wording import LANGUAGES, WORDS, Language

COLLECTED = {"findings.csv": "csv_file", "findings.parquet": "parquet_file", "findings.json": "json_file"}
"""All results in one file, by what the link is called."""
SORTS = {"page": "page", "claim": "sort_claim", "domain": "filter_domain", "state": "state"}
"""Orders of the rows besides that of the plan, by what they are called."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One public page in the list; ``claim`` and ``domain`` are None where the page isn't about one indicator."""

    href: str
    programme: str
    programme_name: Mapping[Language, str]
    title: Mapping[Language, str]
    headline: Mapping[Language, str]
    simulated: bool
    state: str
    claim: str | None = None
    domain: str | None = None
    interval: Interval | None = None


def index_html(entries: Sequence[Entry], version: str, lang: Opening = "both") -> str:
    """Return the list of public pages; rows stand in the order given."""
    head = files("evalkit.report").joinpath("templates/evalkit/head.html.j2").read_text(encoding="utf-8")
    attribute = "en" if lang == "en" else "zh-CN"
    titles = " · ".join(WORDS[x].label("index_title") for x in LANGUAGES)
    switch = both(lambda x: text(WORDS[x].label("switch")), "span")
    footer = both(lambda x: text(WORDS[x].label("generated", version=version)), "span")
    return (
        f'<!DOCTYPE html>\n<html lang="{attribute}" data-lang="{lang}">\n<head>\n{head}\n'
        f"<title>{titles} · evalkit</title>\n"
        f'<link rel="stylesheet" href="assets/page.css">\n</head>\n<body class="index">\n{_banner(entries)}'
        f'<nav><span></span><button type="button" class="switch" hidden>{switch}</button></nav>\n'
        f"<header><h1>{_label('index_title')}</h1>{_intro(entries)}</header>\n"
        f"<main>{_filters(entries)}{_count(len(entries))}{_table(entries)}{_collected()}</main>\n<footer><p>{footer}</p></footer>\n"
        '<script src="assets/page.js" defer></script>\n<script src="assets/index.js" defer></script>\n'
        "</body>\n</html>\n"
    )


def _label(key: str) -> str:
    return both(lambda lang: text(WORDS[lang].label(key)), "span")


def _banner(entries: Sequence[Entry]) -> str:
    """Say so on top where any programme listed is simulated."""
    if not any(e.simulated for e in entries):
        return ""
    return (
        f'<div class="banner simulated">{both(lambda lang: text(_named(entries, lang, simulated=True)), "span")}</div>'
    )


def _intro(entries: Sequence[Entry]) -> str:
    return both(
        lambda lang: (
            f"<p>{text(WORDS[lang].label('index_intro'))}</p><p>{text(_named(entries, lang, simulated=False))}</p>"
        )
    )


def _named(entries: Sequence[Entry], lang: Language, *, simulated: bool) -> str:
    names = dict.fromkeys(e.programme_name[lang] for e in entries if e.simulated == simulated)
    joined = ("、" if lang == "zh" else ", ").join(names) or WORDS[lang].label("none")
    return WORDS[lang].label("index_simulated" if simulated else "index_real", names=joined)


def _filters(entries: Sequence[Entry]) -> str:
    programmes = {e.programme: e.programme_name for e in entries}
    domains = {e.domain: {x: WORDS[x].domains[e.domain] for x in LANGUAGES} for e in entries if e.domain}
    states = {e.state: {x: WORDS[x].states[e.state] for x in LANGUAGES} for e in entries}
    boxes: list[tuple[str, str, Mapping[str, Mapping[Language, str]]]] = [
        ("programme", "filter_programme", programmes),
        ("domain", "filter_domain", domains),
        ("state", "filter_state", states),
    ]
    selects = "".join(_select(name, key, options) for name, key, options in boxes)
    order = _sort()
    search = f'<label>{_label("search")}<input type="search" name="search"></label>'
    return f'<form class="filters" hidden>{selects}{order}{search}</form>'


def _select(name: str, key: str, options: Mapping[str, Mapping[Language, str]], usual: str = "all") -> str:
    every = {"": {x: WORDS[x].label(usual) for x in LANGUAGES}}
    items = "".join(
        f'<option value="{text(v)}" data-zh="{text(n["zh"])}" data-en="{text(n["en"])}">{text(n["zh"])}</option>'
        for v, n in {**every, **options}.items()
    )
    return f'<label>{_label(key)}<select name="{name}">{items}</select></label>'


def _sort() -> str:
    """Return the choice of the rows' order; the script knows how to sort by each."""
    return _select(
        "sort", "sort", {key: {x: WORDS[x].label(name) for x in LANGUAGES} for key, name in SORTS.items()}, "sort_plan"
    )


def _count(total: int) -> str:
    def line(lang: Language) -> str:
        template, none = WORDS[lang].labels["shown"], WORDS[lang].label("none_shown")
        now = text(template.format(n=total, total=total))
        return f'<p class="note" data-text="{text(template)}" data-none="{text(none)}">{now}</p>'

    return f'<div class="count" aria-live="polite">{both(line)}</div>'


def _collected() -> str:
    """Return the links to all results in one file."""
    links = " ".join(f'<a href="{name}" download>{_label(key)}</a>' for name, key in COLLECTED.items())
    return f'<p class="note">{_label("collected")} {links}</p>'


def _table(entries: Sequence[Entry]) -> str:
    heads = "".join(
        f'<th scope="col">{_label(key)}</th>'
        for key in ("filter_programme", "page", "answer", "spark", "claim", "state")
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(_row(e) for e in entries)}</tbody></table>"


def _row(entry: Entry) -> str:
    kind = "simulated" if entry.simulated else "real"
    tag = f'<span class="tag {kind}">{_label(kind)}</span>'
    cells = [
        f'<th scope="row">{both(lambda x: text(entry.programme_name[x]), "span")}<br>{tag}</th>',
        f'<td><a href="{text(entry.href)}">{both(lambda x: text(entry.title[x]), "span")}</a></td>',
        f'<td class="answer-cell">{both(lambda x: text(entry.headline.get(x, "")), "span")}</td>',
        f"<td>{sparkline(entry.interval)}</td>",
        f"<td>{both(lambda x: text(WORDS[x].claims[entry.claim]) if entry.claim else '', 'span')}</td>",
        f"<td>{both(lambda x: text(WORDS[x].states[entry.state]), 'span')}</td>",
    ]
    rank = str(next((n for n, claim in enumerate(CLAIMS) if claim == entry.claim), len(CLAIMS)))
    keys = {"programme": entry.programme, "domain": entry.domain or "", "state": entry.state, "claim": rank}
    data = "".join(f' data-{name}="{text(value)}"' for name, value in keys.items())
    return f"<tr{data}>{''.join(cells)}</tr>"
