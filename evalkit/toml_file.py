"""TOML files (programme.toml, claims.toml): read, or told what is wrong with them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from evalkit.errors import PlanError


def read_toml(file: Path) -> dict[str, Any]:
    """Return what a TOML file holds.

    Raises
    ------
    PlanError
        It is not TOML in UTF-8.
    """
    return toml_of(toml_text(file), str(file))


def toml_text(file: Path) -> str:
    """Return the text of a TOML file.

    Raises
    ------
    PlanError
        It is not in UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _refused(str(file), error) from error


def toml_of(text: str, where: str) -> dict[str, Any]:
    """Return what the text of a TOML file holds.

    Raises
    ------
    PlanError
        It is not TOML, has a number of thousands of digits, or tables within tables without end.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # what is no TOML is a ValueError, and so is a number too long
        raise _refused(where, error) from error


def _refused(where: str, error: Exception) -> PlanError:
    return PlanError(where, f"it is not valid TOML in UTF-8 ({error})", "a TOML file", "correct the line named")
