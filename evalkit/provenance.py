"""Provenance of a finding: the raw files, the plan and the code that it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

from evalkit.cache import code_hash, hash_of
from evalkit.intake import checksums
from evalkit.programme import IndicatorPlan, Programme

LIBRARIES = ("numpy", "polars", "scipy", "statsmodels")


@dataclass(frozen=True, slots=True)
class Provenance:
    """SHA-256 of each raw file, hashes of plan and code, versions of the libraries that compute."""

    inputs: Mapping[str, str]
    plan_hash: str
    code_hash: str
    evalkit_version: str
    versions: Mapping[str, str]
    n_raw_rows: int


def provenance(programme: Programme, plan: IndicatorPlan, n_raw_rows: int) -> Provenance:
    """Collect the provenance of one indicator's finding."""
    from evalkit import __version__

    planned = (programme.design.model_dump(mode="json"), plan.model_dump(mode="json"))
    return Provenance(checksums(programme), hash_of(*planned), code_hash(), __version__, _versions(), n_raw_rows)


@cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}
