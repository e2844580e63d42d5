"""A draft of programme.toml and codebook from a folder of raw files: what is sure, what is guessed, what to decide."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.errors import DataError
from evalkit.intake.codebook import COLUMNS
from evalkit.intake.files import read_table, readable
from evalkit.intake.forms import Question, read_form
from evalkit.intake.guess import Guess, guess_column
from evalkit.intake.hints import flags_of_villages, measured
from evalkit.intake.prices import COLUMNS as PRICE_COLUMNS
from evalkit.programme import UNDECIDED, Source

YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
OR_TREATMENT = "  # column with the first treated round (empty or 0 = never); or instead: treatment = a column of 0/1"
DOMAINS = {"income": "income", "sales": "sales", "loan": "credit", "credit": "credit"}


@dataclass(frozen=True, slots=True)
class Table:
    """Files of one kind: a name or a pattern, the rounds found, and each header with the rounds that have it.

    ``pilots`` are the columns that could say which villages are treated, ``results`` those that could be indicators.
    """

    file: str
    kind: str
    rounds: tuple[int, ...]
    columns: tuple[tuple[Guess, tuple[int, ...]], ...]
    pilots: tuple[str, ...] = ()
    results: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """The two files, and what a person must decide before they can be used."""

    programme: str
    codebook: str
    to_decide: tuple[str, ...]


def draft(folder: Path, name: str) -> Draft:
    """Read every raw file of a folder and draft its plan; nothing is written.

    Raises
    ------
    DataError
        The folder holds no file that can be read.
    """
    tables = _tables(folder)
    if not tables:
        raise DataError(str(folder), "no file in it can be read", "tables of households", "give another folder")
    roles = {g.role: g.name for t in reversed(tables) if t.kind != "prices" for g, _ in t.columns if g.role}
    if "time" not in roles and any(t.rounds for t in tables):
        roles["time"] = "year"
    return Draft(_programme(name, tables, roles), _codebook(tables), tuple(_questions(tables, roles)))


def _tables(folder: Path) -> list[Table]:
    groups: dict[str, list[tuple[Path, int | None]]] = {}
    forms = _forms(folder)
    form = {name: question for found in forms.values() for name, question in found.items()}
    for path in sorted(
        p for p in folder.iterdir() if p.is_file() and readable(p) and p.name != "codebook.csv" and p not in forms
    ):
        years = YEAR.findall(path.name)
        pattern = YEAR.sub("{year}", path.name, count=1) if years else path.name
        groups.setdefault(pattern, []).append((path, int(years[0]) if years else None))
    return [_table(pattern, paths, form) for pattern, paths in groups.items()]


def _forms(folder: Path) -> dict[Path, dict[str, Question]]:
    """Return the XLSForms of a folder: they say what the other files' columns asked, and are no tables themselves."""
    books = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".xlsx" and p.is_file())
    return {path: form for path in books if (form := read_form(path)) is not None}


def _table(pattern: str, paths: Sequence[tuple[Path, int | None]], form: dict[str, Question]) -> Table:
    found: dict[str, tuple[Guess, list[int]]] = {}
    for path, year in paths:
        frame = read_table(Source(kind="survey", file=path.name, key=("id",)), path, year).frame
        for header in frame.columns:
            known = found.setdefault(header, (guess_column(header, frame[header], form), []))
            known[1].extend([] if year is None else [year])
    columns = tuple((guess, tuple(rounds)) for guess, rounds in found.values())
    roles = {guess.role for guess, _ in columns}
    kind = "survey" if "unit" in roles else "roster" if "cluster" in roles else UNDECIDED
    kind = "prices" if set(PRICE_COLUMNS) <= set(found) else kind
    last = [guess for guess, _ in columns if guess.header in frame.columns]
    years = tuple(y for _, y in paths if y is not None)
    return Table(pattern, kind, years, columns, flags_of_villages(frame, last), measured(frame, last))


def _codebook(tables: Iterable[Table]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for table in (t for t in tables if t.kind != "prices"):
        for guess, rounds in table.columns:
            if not guess.personal:
                writer.writerow(_line(guess, rounds, table))
    return out.getvalue()


def _line(guess: Guess, rounds: tuple[int, ...], table: Table) -> dict[str, str]:
    everywhere = set(rounds) == set(table.rounds)
    last = "" if table.rounds and max(rounds) == max(table.rounds) else max(rounds, default="")
    label = guess.header.split("（")[0].split("(")[0]
    return {
        "raw_header": guess.header,
        "name": guess.name or UNDECIDED,
        "kind": guess.kind or UNDECIDED,
        "unit": guess.unit,
        "factor": f"{guess.factor:g}" if guess.factor != 1 else "",
        "round": "" if everywhere else f"{min(rounds)}-{last}",
        "label_zh": guess.label_zh or label,
        "label_en": guess.label_en or guess.name.replace("_", " "),
        "source": "" if table.kind == UNDECIDED else table.kind,
        "note": guess.note or ("guessed from the header" if guess.known else "guessed from values"),
    }


def _programme(name: str, tables: Sequence[Table], roles: dict[str, str]) -> str:
    treated = "treatment" if "treatment" in roles and "first_treated" not in roles else "first_treated"
    lines = [
        f"# A draft. Every {UNDECIDED} is for a person; look at the rest too. docs/programme.md explains each entry.",
        "schema_version = 1",
        "",
        "[programme]",
        f"id = {_quoted(name)}",
        f'name = {{ zh = "{UNDECIDED}", en = "{UNDECIDED}" }}',
        f'provenance = "{UNDECIDED}"  # real | simulated',
        "",
        "[design]",
        f"unit = {_quoted(roles.get('unit', UNDECIDED))}",
        f"cluster = {_quoted(roles.get('cluster', UNDECIDED))}",
        *([f"time = {_quoted(roles['time'])}"] if "time" in roles else []),
        f"{treated} = {_quoted(roles.get(treated, UNDECIDED))}" + ("" if treated in roles else OR_TREATMENT),
        f'assignment = "{UNDECIDED}"  # randomised | phased | chosen | threshold: how were they chosen?',
        *[f"{role} = {_quoted(roles[role])}" for role in ("strata", "weights") if role in roles],
    ]
    for table in (t for t in tables if t.kind != "prices"):
        lines += ["", *_source(table, roles)]
    money = [_indicator(guess, "time" in roles) for guess in _indicators(tables)]
    for block in money or [_open_indicator(tables, "time" in roles)]:
        lines += ["", *block]
    return "\n".join(lines) + "\n"


def _source(table: Table, roles: dict[str, str]) -> list[str]:
    parts = [roles.get("cluster", UNDECIDED)] if table.kind == "roster" else [roles.get("unit", UNDECIDED)]
    parts += [roles["time"]] if table.kind == "survey" and "time" in roles else []
    return [
        "[[sources]]",
        f'kind = "{table.kind}"' + ("  # roster | survey" if table.kind == UNDECIDED else ""),
        f"file = {_quoted(table.file)}",
        f"key = {json.dumps(parts, ensure_ascii=False)}",
        'codebook = "codebook.csv"',
    ]


def _indicators(tables: Iterable[Table]) -> list[Guess]:
    """Return the money columns of surveys, each canonical name once."""
    found = {g.name: g for t in tables if t.kind == "survey" for g, _ in t.columns if g.unit == "yuan" and g.name}
    return list(found.values())


def _indicator(guess: Guess, has_time: bool) -> list[str]:
    domain = next((d for word, d in DOMAINS.items() if word in guess.name), "other")
    zh = guess.header.split("（")[0].split("(")[0]
    return [
        "[[indicators]]",
        f"name = {_quoted(guess.name)}",
        f"label = {{ zh = {_quoted(zh)}, en = {_quoted(guess.name.removesuffix('_yuan').replace('_', ' '))} }}",
        f'domain = "{domain}"',
        'unit = "yuan"  # yuan/year where it is a yearly amount',
        'role = "exploratory"  # primary, secondary: to be fixed before anyone looks at results',
        f'family = "{domain}"',
        f'estimator = "{"did" if has_time else "itt"}"',
    ]


def _open_indicator(tables: Sequence[Table], has_time: bool) -> list[str]:
    """Return an indicator to be decided, where no column is known to be money."""
    blank = _indicator(Guess(UNDECIDED, UNDECIDED, "", "", 1.0, "", "", known=False), has_time)
    named = ", ".join(_results(tables))
    unit = f'unit = "{UNDECIDED}"  # yuan, yuan/year, share (for 0/1), or any other'
    lines = [unit if line.startswith("unit") else line for line in blank]
    return [lines[0], f"{lines[1]}  # one of: {named}" if named else lines[1], *lines[2:]]


def _results(tables: Sequence[Table]) -> list[str]:
    """Return the columns of surveys that could be results, each once."""
    return list(dict.fromkeys(n for t in tables if t.kind == "survey" for n in t.results))


def _treated(tables: Sequence[Table]) -> str:
    """Ask who is treated, and name the columns that could say so."""
    alike = list(dict.fromkeys(n for t in tables if t.kind != "prices" for n in t.pilots))
    hint = f"; 0/1 and the same in all rows of a village: {', '.join(alike)}" if alike else ""
    return f"first_treated (first treated round) or treatment (0/1){hint}"


def _questions(tables: Sequence[Table], roles: dict[str, str]) -> list[str]:
    asked = ["programme.toml: name, provenance, and how pilot villages were chosen (assignment)"]
    lacking = [r for r in ("unit", "cluster") if r not in roles]
    lacking += [] if {"first_treated", "treatment"} & set(roles) else [_treated(tables)]
    asked += [f"programme.toml, [design]: which column is {role}" for role in lacking]
    if not _indicators(tables):
        asked.append("programme.toml, [[indicators]]: name, label, unit; one block a result")
    for table in tables:
        if table.kind == "prices":
            asked.append(f"{table.file} looks like a price index: state deflator and base_year in [programme]")
            continue
        if table.kind == UNDECIDED:
            asked.append(f"{table.file}: roster or survey, or leave it out")
        open_ = [g.header for g, _ in table.columns if not g.personal and not (g.name and g.kind)]
        asked += [f"codebook.csv: name and kind of {h!r} ({table.file})" for h in open_]
        asked += [
            f"left out: {g.header!r} ({table.file}) looks like a {g.personal}; add it only where it is needed"
            for g, _ in table.columns
            if g.personal
        ]
    return asked


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
