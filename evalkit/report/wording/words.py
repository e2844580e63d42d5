"""The tables of words that each language's file fills in; a test holds that both have the same keys and fields."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal, Protocol

from evalkit.plan_tables import USUAL, Terms

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
Table = Mapping[str, str]
TOKEN = re.compile(r"\[((?:[Aa] )?)(village|villages|household|households|村|个村|户|个户|农户)\]", re.I)
"""What a sentence calls villages and households: filled in with the programme's own words."""
VOWEL_SOUND = re.compile(r"(?!eu|one|uni|use|usu)[aeiou]", re.I)


class Speaker(Protocol):
    """What has words of its own for its villages and households: a programme, or a finding of it."""

    @property
    def words(self) -> Terms:
        """Its words."""
        ...


@dataclass(frozen=True, slots=True)
class Words:
    """All wording of one language, as in ``templates/wording/<language>.toml``.

    ``sentences`` goes by form, then position: see `choose.Case`. ``caution`` says what not to conclude, by claim.
    ``inferences`` are clauses of a sentence, ``ranges`` the same in plain words, ``methods`` the same in a column. The
    tables `reported…` are the page of an article's figures.
    """

    sentences: Mapping[str, Table]
    assumptions: Table
    cannot: Table
    caution: Table
    reasons: Table
    flow: Table
    estimators: Table
    inferences: Table
    ranges: Table
    methods: Table
    rows: Table
    claims: Table
    states: Table
    domains: Table
    notebooks: Table
    roles: Table
    rules: Table
    units: Table
    directions: Table
    fields: Table
    labels: Table
    reported: Table
    reported_kinds: Table
    reported_short: Table
    reported_missing: Table
    reported_reasons: Table
    measures: Table

    def label(self, key: str, **values: object) -> str:
        """Return one label with its values filled in."""
        return self.labels[key].format(**values)


@lru_cache(maxsize=64)
def read_words(lang: Language, terms: Terms) -> Words:
    """Read the wording of one language, with what a programme calls its villages and households."""
    return Words(**_filled(_texts(lang), terms))


@cache
def _texts(lang: Language) -> Mapping[str, Any]:
    """Return the texts of one language with their tokens; parsing them takes longer than filling them in."""
    file = files("evalkit.report").joinpath(f"templates/wording/{lang}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def words_of(speaker: Speaker, lang: Language) -> Words:
    """Return the wording of one language in the words of a programme or of a finding."""
    return read_words(lang, speaker.words)


def say(speaker: Speaker, lang: Language, key: str, **values: object) -> str:
    """Return one label in the words of a programme or of a finding, with its values filled in."""
    return words_of(speaker, lang).label(key, **values)


def _filled(table: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """Return a table whose texts name villages and households by the terms."""
    return {
        k: _filled(v, terms) if isinstance(v, Mapping) else TOKEN.sub(lambda found: _said(found, terms), v)
        for k, v in table.items()
    }


def _said(found: re.Match[str], terms: Terms) -> str:
    """Return the word of one token, with its article and capital."""
    article, name = found.groups()
    noun = terms.cluster if name.lower().startswith("village") or name.endswith("村") else terms.unit
    forms = {"村": noun.zh, "农户": noun.zh, "户": noun.short or noun.zh, "个村": noun.counted, "个户": noun.counted}
    word = _braced(forms.get(name) or (noun.plural if name.endswith("s") else noun.en))
    if article:
        return f"{article[0]}{'n' if VOWEL_SOUND.match(word) else ''} {word}"
    return word[0].upper() + word[1:] if name[0].isupper() else word


def _braced(word: str) -> str:
    """Return a word that stays as it is when the sentence around it is filled in."""
    return word.replace("{", "{{").replace("}", "}}")


WORDS: dict[Language, Words] = {lang: read_words(lang, USUAL) for lang in LANGUAGES}
"""The wording for what no programme stands behind, such as the list of pages."""
