"""The tables of words that each language fills in; a test holds that both have the same keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """All wording of one language.

    ``sentences`` is keyed by (form, position): see `choose.Case`. ``caution`` says what not to conclude, by claim.
    """

    sentences: Mapping[tuple[str, str], str]
    assumptions: Mapping[str, str]
    cannot: Mapping[str, str]
    caution: Mapping[str, str]
    reasons: Mapping[str, str]
    flow: Mapping[str, str]
    estimators: Mapping[str, str]
    inferences: Mapping[str, str]
    rows: Mapping[str, str]
    claims: Mapping[str, str]
    states: Mapping[str, str]
    domains: Mapping[str, str]
    notebooks: Mapping[str, str]
    roles: Mapping[str, str]
    units: Mapping[str, str]
    directions: Mapping[str, str]
    labels: Mapping[str, str]

    def label(self, key: str, **values: object) -> str:
        """Return one label with its values filled in."""
        return self.labels[key].format(**values)
