"""Where programmes and notebooks are: given, by environment, or found upwards from the current folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from evalkit.errors import EvalkitError, PlanError, UsageError, nearest
from evalkit.programme import FILE_NAME, Programme, load

AUDIENCE = "EVALKIT_AUDIENCE"
"""Environment variable with the audience that the batch was asked for; it can narrow that of programme.toml only."""
DATA = "EVALKIT_DATA"
"""Environment variable with the folder that holds the programmes' folders; the batch sets it for its notebooks."""


def data_folder() -> Path:
    """Return the folder of programmes: $EVALKIT_DATA, or data_raw/ here or in a folder above."""
    if os.environ.get(DATA):
        return Path(os.environ[DATA])
    return _upwards("data_raw")


def notebook_folder() -> Path:
    """Return notebooks/ here or in a folder above, else those that were installed with evalkit."""
    installed = Path(sys.prefix, "share", "evalkit", "notebooks")
    return _above("notebooks") or (installed if installed.is_dir() else _upwards("notebooks"))


def programme_ids(folder: Path) -> list[str]:
    """Return the programmes of a folder, sorted."""
    return sorted(p.parent.name for p in folder.glob(f"*/{FILE_NAME}"))


def find_programme(name: str) -> Programme:
    """Load a programme by its name in the data folder, or by a path.

    Raises
    ------
    PlanError
        There is none of that name; the message names the nearest.
    """
    if (Path(name) / FILE_NAME).is_file():
        return narrowed(load(name))
    folder = data_folder()
    if not (folder / name / FILE_NAME).is_file():
        raise PlanError(
            "programme",
            f"{name!r} is unknown ({nearest(name, programme_ids(folder))})",
            f"a folder of {folder.name}/ with a {FILE_NAME}",
            "correct the name",
        )
    return narrowed(load(folder / name))


def known_programme(name: str, folders: Mapping[str, Path]) -> Programme | None:
    """Return a programme of a plan, whose folders are given, or of an earlier one; None where it is gone."""
    try:
        return load(folders[name]) if name in folders else find_programme(name)
    except EvalkitError:
        return None


def narrowed(programme: Programme) -> Programme:
    """Return the programme for the audience that was asked for; internal stays internal, whatever was asked.

    A page that is internal in this way may be about a single village: only the limit of households stays.
    """
    if os.environ.get(AUDIENCE) != "internal" or programme.disclosure.audience == "internal":
        return programme
    limits = programme.disclosure.model_copy(update={"audience": "internal", "min_villages": 1})
    return programme.model_copy(update={"disclosure": limits})


def _above(name: str) -> Path | None:
    """Return a folder of this name here or in a folder above; None where there is none."""
    here = Path.cwd()
    return next((folder / name for folder in (here, *here.parents) if (folder / name).is_dir()), None)


def _upwards(name: str) -> Path:
    found = _above(name)
    if found is not None:
        return found
    raise UsageError(
        f"{name}/",
        f"it is neither here ({Path.cwd().name}) nor in a folder above",
        f"a folder {name}/",
        "change to the project's folder",
    )
