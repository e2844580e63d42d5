"""The tables of words that each language's file fills in; a test holds that both have the same keys and fields."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
Table = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """All wording of one language, as in ``templates/wording/<language>.toml``.

    ``sentences`` goes by form, then position: see `choose.Case`. ``caution`` says what not to conclude, by claim.
    The tables `reported…` are the page of an article's figures.
    """

    sentences: Mapping[str, Table]
    assumptions: Table
    cannot: Table
    caution: Table
    reasons: Table
    flow: Table
    estimators: Table
    inferences: Table
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


def read_words(lang: Language) -> Words:
    """Read the wording of one language."""
    file = files("evalkit.report").joinpath(f"templates/wording/{lang}.toml")
    return Words(**tomllib.loads(file.read_text(encoding="utf-8")))


WORDS: dict[Language, Words] = {lang: read_words(lang) for lang in LANGUAGES}
