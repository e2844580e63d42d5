"""The plan of a batch: programmes × notebooks × indicators × villages, checked as a whole before anything runs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from evalkit.batch.parameters import declared_in, raise_all
from evalkit.batch.places import data_folder, find_programme, notebook_folder, programme_ids
from evalkit.batch.villages import look_at, n_treated, villages
from evalkit.claims import has_claims
from evalkit.claims.read import claims_checksum
from evalkit.errors import EvalkitError, PlanError, UsageError, listed, nearest
from evalkit.programme import Programme

ORDER = ("programme", "impact", "claims", "power", "quality")
CLAIMS = "claims"
REPLICATION = "replication_"
LIBRARIES = ("numpy", "polars", "scipy", "statsmodels", "plotly", "papermill", "nbconvert")
SHARD = re.compile(r"(\d{1,6})/(\d{1,6})")
SAFE_NAME = re.compile(r"[\w-]{1,60}")


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for; empty = all. Where ``audience`` is internal, every page is."""

    programmes: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    lang: str = "both"
    audience: str = "public"


@dataclass(frozen=True, slots=True)
class Run:
    """One notebook with one set of parameters; ``page`` is relative to the findings folder."""

    id: str
    programme: str
    folder: Path
    notebook: str
    file: Path
    parameters: Mapping[str, Any]
    page: str
    internal: bool
    lang: str
    audience: str = "public"
    limits: tuple[int, int] = (0, 0)
    """Households and villages of the smallest cell that the page may show."""
    data: str = ""
    """Hash of the raw files, plan and codebook that the run reads, taken together."""

    @property
    def stem(self) -> str:
        """The page without its ending: the other files of the run differ in the ending only."""
        return self.page.removesuffix(".html")


@dataclass(frozen=True, slots=True)
class Plan:
    """The runs in the order of the list, the programmes planned in full, and what could not be planned."""

    runs: tuple[Run, ...]
    complete: frozenset[str]
    notes: tuple[str, ...] = ()
    shard: tuple[int, int] | None = None

    def part(self, number: int, of: int) -> Plan:
        """Return every `of`-th run from the `number`-th on; the parts of 1 … `of` together are the plan."""
        return replace(self, runs=self.runs[number - 1 :: of], complete=frozenset(), shard=(number, of))


def make_plan(request: Request) -> Plan:
    """Plan all runs; every problem of names, types and programmes is told at once.

    Raises
    ------
    PlanError
        An unknown programme or indicator, a broken programme.toml or notebook.
    """
    found: list[str] = []
    programmes = list(_programmes(request, found))
    notebooks = _notebooks(found)
    _check_indicators(request, programmes, found)
    raise_all("evalkit run", found)
    notes: list[str] = []
    look_at(programmes)
    runs = [run for p in programmes for run in _runs_of(p, notebooks, request, notes)]
    if not runs:
        raise PlanError(
            "evalkit run",
            "nothing to do",
            "a programme in data_raw/ and a notebook in notebooks/ with a parameters cell",
            "add them, or correct the names",
        )
    complete = frozenset() if request.indicators else frozenset(p.id for p in programmes)
    return Plan(tuple(runs), complete, tuple(notes))


def shard_of(text: str) -> tuple[int, int]:
    """Return part and number of parts of a text like ``2/8``.

    Raises
    ------
    UsageError
        It is none, or the part is not among them.
    """
    found = SHARD.fullmatch(text)
    number, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= of:
        raise UsageError("--shard", f"{text!r} is no part", "I/N with I from 1 to N, as 2/8", "correct it")
    return number, of


def _programmes(request: Request, found: list[str]) -> Iterator[Programme]:
    for name in request.programmes or programme_ids(data_folder()):
        try:
            yield find_programme(name)
        except EvalkitError as error:
            found.append(str(error))


def _notebooks(found: list[str]) -> dict[Path, dict[str, type]]:
    """Return notebooks that take a programme, in the order of the list, with what they declare."""
    declared: dict[Path, dict[str, type]] = {}
    for file in sorted(
        notebook_folder().glob("*.ipynb"),
        key=lambda f: (ORDER.index(f.stem) if f.stem in ORDER else len(ORDER), f.stem),
    ):
        try:
            declared[file] = declared_in(file)
        except EvalkitError as error:
            found.append(str(error))
    return {file: names for file, names in declared.items() if "programme" in names}


def _check_indicators(request: Request, programmes: Sequence[Programme], found: list[str]) -> None:
    names = sorted({plan.name for p in programmes for plan in p.indicators})
    found += [
        f"indicator {n!r} is in none of the programmes {listed(p.id for p in programmes)} ({nearest(n, names)})"
        for n in request.indicators
        if n not in names
    ]


def _runs_of(
    programme: Programme, notebooks: Mapping[Path, Mapping[str, type]], request: Request, notes: list[str]
) -> Iterator[Run]:
    raw = _inputs(programme, notes)
    about_one = cache(lambda indicator: _about_one(programme, indicator))
    for file, declared in notebooks.items():
        if file.stem.startswith(REPLICATION) and file.stem != REPLICATION + programme.id:
            continue
        if request.indicators and "indicator" not in declared:
            continue
        if file.stem == CLAIMS and not has_claims(programme.folder):
            continue
        used = _used(programme, file, raw)
        for values in _values(programme, declared, request, notes):
            lone = about_one(values.get("indicator"))
            yield _run(programme, file, values, used, request.lang, request.audience, lone)


def _values(
    programme: Programme, declared: Mapping[str, type], request: Request, notes: list[str]
) -> Iterator[dict[str, Any]]:
    base = {"programme": programme.id}
    if "indicator" in declared:
        yield from (
            {**base, "indicator": p.name}
            for p in programme.indicators
            if not request.indicators or p.name in request.indicators
        )
    elif "village" in declared:
        try:
            yield from ({**base, "village": v} for v in villages(programme))
        except EvalkitError as error:
            notes.append(f"{programme.id}: village pages are left out. {error}")
    else:
        yield base


def inputs_of(programme: Programme, file: Path, notes: list[str]) -> Mapping[str, str]:
    """Return checksums of all that a notebook of a programme reads."""
    return _used(programme, file, _inputs(programme, notes))


def _used(programme: Programme, file: Path, raw: Mapping[str, str]) -> Mapping[str, str]:
    return {**raw, **claims_checksum(programme.folder)} if file.stem == CLAIMS else raw


def _inputs(programme: Programme, notes: list[str]) -> Mapping[str, str]:
    """Return checksums of the raw files; where they cannot be had, the runs themselves will say why."""
    from evalkit.intake import checksums

    try:
        return checksums(programme)
    except EvalkitError as error:
        notes.append(f"{programme.id}: {error}")
        return {}


def _about_one(programme: Programme, indicator: str | None) -> bool:
    """Whether a page is about a single treated village: the programme's only one, or the only one with its indicator.

    Where that can't be told, runs will fail.
    """
    try:
        return n_treated(programme, indicator) == 1
    except EvalkitError:
        return False


def _run(
    programme: Programme,
    file: Path,
    values: Mapping[str, Any],
    inputs: Mapping[str, str],
    lang: str,
    asked: str,
    lone: bool,
) -> Run:
    from evalkit.cache import hash_of

    internal = "village" in values or lone or "internal" in (asked, programme.disclosure.audience)
    audience = "internal" if lone or "internal" in (asked, programme.disclosure.audience) else "public"
    return Run(
        identity(file, values, inputs, lang, audience, internal=internal),
        programme.id,
        programme.folder,
        file.stem,
        file,
        values,
        _page(programme, file.stem, values, internal=internal),
        internal,
        lang,
        audience,
        (programme.disclosure.min_households, programme.disclosure.min_villages),
        hash_of(dict(inputs)),
    )


def identity(
    file: Path, values: Mapping[str, Any], inputs: Mapping[str, str], lang: str, audience: str, *, internal: bool
) -> str:
    """Return the id of a run: a hash of all that its page depends on."""
    from evalkit import __version__
    from evalkit.cache import code_hash, hash_of

    content = hashlib.sha256(file.read_bytes()).hexdigest()
    code = (code_hash(), page_hash(), __version__, versions())
    return hash_of(content, dict(values), dict(inputs), *code, lang, audience, internal)


def _page(programme: Programme, notebook: str, values: Mapping[str, Any], *, internal: bool) -> str:
    about = [safe_name(str(values[k])) for k in ("indicator", "village") if k in values]
    return f"{'internal/' if internal else ''}{programme.id}/{'-'.join([notebook, *about])}.html"


def safe_name(text: str) -> str:
    """Return text that is safe as part of a file name; what isn't gets a hash instead."""
    return text if SAFE_NAME.fullmatch(text) else hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def page_hash() -> str:
    """Return the hash of templates, styles and scripts: pages are made anew when they change."""
    root = Path(str(files("evalkit.report")))
    digest = hashlib.sha256()
    for file in sorted([*root.glob("templates/**/*.*"), *root.glob("assets/*.*")]):
        digest.update(file.relative_to(root).as_posix().encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


@cache
def versions() -> dict[str, str]:
    """Return the versions of the libraries that a finding or a page depends on: another one makes it anew."""
    return {name: version(name) for name in LIBRARIES}
