"""read_claims(): claims.toml, read and checked as a whole; every mistake is told at once."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from pydantic import BaseModel, ValidationError

from evalkit.claims.checks import problems
from evalkit.claims.model import Article, Claim, Relation, Reported
from evalkit.errors import PlanError, nearest
from evalkit.toml_file import read_toml

CLAIMS_FILE = "claims.toml"
MODELS: dict[str, type[BaseModel]] = {"article": Article, "claims": Claim, "relations": Relation}


def has_claims(folder: Path) -> bool:
    """Whether a programme's folder holds reported claims."""
    return (folder / CLAIMS_FILE).is_file()


def claims_checksum(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of a folder's claims by the file's name: its page is made anew when they change."""
    return {CLAIMS_FILE: hashlib.sha256((folder / CLAIMS_FILE).read_bytes()).hexdigest()}


def read_claims(folder: Path, indicators: Collection[str] | None = None) -> Reported:
    """Read the reported claims of a folder.

    Parameters
    ----------
    folder : Path
        The programme's folder, or any folder with a claims.toml.
    indicators : collection of str, optional
        The plan's indicators; where given, claims may name no other.

    Raises
    ------
    PlanError
        There is no file, it does not fit the format, or its figures contradict each other: a unit that the text does
        not have, 万 for 亿, a share over 100 %, parts that exceed their whole, unknown ids. All are told at once.
    """
    file = folder / CLAIMS_FILE
    if not file.is_file():
        raise PlanError(
            str(file), "there is no such file", f"a {CLAIMS_FILE} in the programme's folder", "see docs/claims.md"
        )
    values = read_toml(file)
    try:
        reported = Reported.model_validate(values)
    except ValidationError as error:
        raise _refused(file, [_mistake(e, values) for e in error.errors()]) from error
    found = problems(reported, indicators)
    if found:
        raise _refused(file, found)
    return reported


def _refused(file: Path, found: list[str]) -> PlanError:
    count = f"{len(found)} mistake{'s' if len(found) > 1 else ''}"
    listed = "; ".join(f"({n}) {text}" for n, text in enumerate(found, 1))
    return PlanError(str(file), f"{count}: {listed}", "the format of docs/claims.md", "correct each of them")


def _mistake(error: object, values: object) -> str:
    """Return one mistake of the format in words, with the claim's id where it has one."""
    if not isinstance(error, dict):
        return str(error)
    path = list(error["loc"])
    place = _place(path, values)
    if error["type"] == "extra_forbidden":
        known = MODELS[path[0]].model_fields if len(path) > 1 and path[0] in MODELS else Reported.model_fields
        return f"{place} is not a known entry ({nearest(str(path[-1]), known)})"
    if error["type"] == "missing":
        return f"{place} is missing"
    if error["type"] == "literal_error":
        return f"{place} = {error['input']!r} is none of {error['ctx']['expected']}"
    return f"{place} = {error['input']!r}: {error['msg']}"


def _place(path: list[str | int], values: object) -> str:
    """Return where a mistake stands: ``claims 3 (shops).unit``; the id only where it is given."""
    parts: list[str] = []
    here = values
    for part in path:
        if isinstance(part, int):
            here = here[part] if isinstance(here, list) else None
            name = here.get("id") if isinstance(here, dict) else None
            parts[-1] += f" {part + 1}" + (f" ({name})" if name else "")
            continue
        here = here.get(part) if isinstance(here, dict) else None
        parts.append(str(part))
    return ".".join(parts)
