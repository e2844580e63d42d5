"""The data-quality page: counts of raw files, rules broken, records left out, values missing; never a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from evalkit.errors import MAX_LISTED, listed, visible
from evalkit.intake import Intake, QualityReport
from evalkit.programme import Programme
from evalkit.report.block import Block, both, heading, paragraph, text
from evalkit.report.disclosure import few_text, rounded
from evalkit.report.html_table import Grid
from evalkit.report.numbers import whole
from evalkit.report.origin import SHOWN, summarise
from evalkit.report.tables import rounded_note
from evalkit.report.wording import LANGUAGES, Language, say, words_of

LEDGERS = ("orders", "loans", "parcels", "requests")
Labels = Mapping[str, tuple[str, str]]
"""The codebook's labels by canonical name: Chinese, English."""


def quality_headline(programme: Programme, intake: Intake) -> Block:
    """Return the page's first sentence, and hand it on to the index."""
    limits = programme.disclosure
    n_raw = rounded(intake.flow.steps[0].n_rows, limits)
    n_true = sum(step.n_rows_dropped for step in intake.flow.steps)
    n_left = rounded(n_true, limits)

    def line(lang: Language) -> str:
        few = 0 < n_true < limits.min_households
        key = "quality_few" if few else "quality_title" if n_true else "quality_clean"
        values = {"n_raw": whole(n_raw, lang), "n_rejected": whole(n_left, lang), "few": limits.min_households}
        name = getattr(programme.about.name, lang)
        return say(programme, lang, key, programme=name, **values) + ("。" if lang == "zh" else ".")

    return summarise({lang: line(lang) for lang in LANGUAGES})


def quality_rules(programme: Programme, intake: Intake) -> Block:
    """Return the data rules that some record breaks, with what to do; how many rules all records keep."""
    broken = intake.quality.filter(pl.col("n_failed") > 0).sort("severity", "rule", "column")
    kept = intake.quality.height - broken.height
    tables = both(lambda lang: _rules(broken, programme, lang, intake.labels).html()) if broken.height else ""
    key = "rules_passed" if broken.height else "rules_all_passed"
    notes = paragraph(
        lambda lang: " ".join(
            (
                say(programme, lang, key, n=kept),
                say(programme, lang, "quality_scope"),
                rounded_note(programme, lang),
            )
        )
    )
    return Block(heading(lambda lang: say(programme, lang, "quality_rules")) + tables + notes)


def _rules(broken: pl.DataFrame, programme: Programme, lang: Language, labels: Labels) -> Grid:
    words, limits = words_of(programme, lang), programme.disclosure
    rows = [
        [
            words.rules.get(r["rule"], r["rule"]),
            _column_name(r, n, programme, lang, labels),
            words.label(r["severity"]),
            whole(rounded(r["n_checked"], limits), lang),
            count_text(r["n_failed"], programme, lang),
            r[f"todo_{lang}"] or "",
        ]
        for n, r in enumerate(broken.to_dicts(), 1)
    ]
    return Grid(
        [words.label(k) for k in ("rule", "column", "severity", "n_checked", "n_failed", "todo")], rows, words=(1, 2, 5)
    )


def _column_name(row: dict[str, Any], number: int, programme: Programme, lang: Language, labels: Labels) -> str:
    """Return a rule's variable; the header of a column that no codebook knows may be data, and is public nowhere."""
    if row["rule"] in ("unmapped", "identifier_unmapped") and programme.disclosure.audience == "public":
        return f"#{number}"
    return variable_name(row["column"] or "", programme, lang, labels)


def count_text(count: int, programme: Programme, lang: Language) -> str:
    """Return a count of records as pages show it: withheld where it is small, else rounded."""
    limits = programme.disclosure
    few = 0 < count < limits.min_households
    return few_text(limits, words_of(programme, lang)) if few else whole(rounded(count, limits), lang)


def variable_name(column: str, programme: Programme, lang: Language, labels: Labels | None = None) -> str:
    """Return the label of an indicator, else the codebook's, else the word for rounds and the like, else its name."""
    plans = {plan.name: getattr(plan.label, lang) for plan in programme.indicators}
    known = {name: pair[LANGUAGES.index(lang)] for name, pair in (labels or {}).items()}
    words, quality = words_of(programme, lang), programme.quality
    ledgers = {c: words.labels.get(f"ledger_{c}") for c in LEDGERS}
    again = quality.backcheck.enumerator if quality.backcheck else None
    common = dict.fromkeys((quality.enumerator, again), words.label("enumerator_name"))
    common[programme.design.time] = words.label("round_name")
    names = [
        plans.get(c) or known.get(c) or ledgers.get(c) or common.get(c) or c.replace("_", " ")
        for c in column.split("+")
    ]
    return " + ".join(names)


def quality_files(programme: Programme, intake: Intake) -> Block:
    """Return the raw files with kind, encoding, rows and checksum; folded away."""
    return Block(
        both(
            lambda lang: (
                f"<details><summary>{text(say(programme, lang, 'files'))}</summary>"
                f"{_files(programme, intake, lang).html()}</details>"
            )
        )
    )


def _files(programme: Programme, intake: Intake, lang: Language) -> Grid:
    words = words_of(programme, lang)
    rows = [
        [f.path, f.kind, f.encoding or "", count_text(f.n_rows, programme, lang), f.sha256[:SHOWN]]
        for f in intake.files
    ]
    return Grid([words.label(k) for k in ("file", "kind", "encoding", "rows", "sha256")], rows, words=(1, 2, 4))


def left_out_lines(rejected: pl.DataFrame) -> list[str]:
    """Return a line a row left out; of many with one reason in one file the first few, and how many more."""
    lines = []
    for (file, reason), rows in rejected.group_by("file", "reason_en", maintain_order=True):
        numbers = listed(rows["row"], MAX_LISTED)
        lines.append(f"left out: {file}, row{'s' if len(rows) > 1 else ''} {numbers}: {reason}")
    return lines


def quality_text(report: QualityReport) -> str:
    """Return a report as lines for a terminal: what was read, what was left out and why, what to do."""
    lines = [f"{f.path}: {f.n_rows} rows" + (f", {f.encoding}" if f.encoding else "") for f in report.files]
    for r in report.quality.filter(pl.col("n_failed") > 0).sort("severity", "rule", "column").to_dicts():
        where = f"{r['rule']} ({r['column']})" if r["column"] else r["rule"]
        lines.append(f"{r['severity']}: {where}: {r['n_failed']} of {r['n_checked']}. What to do: {r['todo_en']}")
    lines += left_out_lines(report.rejected.filter(pl.col("severity") == "error"))
    kept = report.quality.filter(pl.col("n_failed") == 0).height
    return visible(
        "\n".join(
            [
                *lines,
                f"{kept} of {report.quality.height} rules hold everywhere; {report.flow.steps[-1].n_rows} rows remain.",
            ]
        )
    )
