"""A programme.toml of an older form brought to today's: a step for each version, on the text, so that comments stay."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from evalkit.errors import PlanError
from evalkit.programme import FILE_NAME, SCHEMA_VERSION
from evalkit.toml_file import toml_of

UPDATE = "update evalkit"
RETIRED = "leave_one_village_out"
"""A robustness that the first annotated example named; each page now says so of every estimator (`stability`)."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """A plan's text in today's form, the version that it came from, and what was changed and why."""

    text: str
    version: int
    changes: tuple[str, ...]


def migrated(text: str) -> Migrated:
    """Bring the text of a programme.toml to today's form.

    Raises
    ------
    PlanError
        It is not TOML, or its version is newer than this evalkit, or none that ever was.
    """
    version = version_of(text)
    changes: list[str] = []
    for step in range(version, SCHEMA_VERSION):
        text, told = STEPS[step](text)
        changes += told
    return Migrated(text, version, tuple(changes))


def version_of(text: str) -> int:
    """Return the version of a plan's form; 0 where it states none."""
    version = toml_of(text, FILE_NAME).get("schema_version", 0)
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version <= SCHEMA_VERSION:
        raise PlanError(FILE_NAME, f"schema_version {version!r}", f"a whole number up to {SCHEMA_VERSION}", UPDATE)
    return version


def _state_the_version(text: str) -> tuple[str, list[str]]:
    """Version 0: written by a reference that did not name schema_version, or after the first annotated example."""
    told = ["schema_version = 1 states the form of the file"]
    kept = re.sub(rf',\s*"{RETIRED}"|"{RETIRED}"\s*,?\s*', "", text)
    if kept != text:
        told.append(f"{RETIRED!r} goes out of robustness: every page now leaves each village out")
    stated = re.sub(r"^schema_version\s*=.*\n", "", kept, flags=re.MULTILINE)
    head = re.match(r"(?:[ \t]*(?:#.*)?\n)*", stated)
    at = head.end() if head else 0
    return f"{stated[:at]}schema_version = 1\n\n{stated[at:]}", told


STEPS: dict[int, Callable[[str], tuple[str, list[str]]]] = {0: _state_the_version}
"""By the version that a step starts from: the text of the next version, and what was changed."""
