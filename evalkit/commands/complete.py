"""Shell completion of programmes, indicators and columns, from what the command would read."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from evalkit.errors import EvalkitError


def complete_programme(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the programmes of data_raw/ that begin like this; none where there is no such folder."""
    return [CompletionItem(name) for name in _programmes() if name.startswith(incomplete)]


def complete_indicator(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the indicators of the programmes already typed (else of all), with their labels as help."""
    from evalkit.batch.places import find_programme

    typed = ctx.params.get("programme") or ()
    found: dict[str, str] = {}
    for name in [typed] if isinstance(typed, str) else typed or _programmes():
        try:
            programme = find_programme(name)
        except EvalkitError:  # a shell that completes has no place for messages; the command itself will tell
            continue
        found |= {i.name: i.label.en for i in programme.indicators}
    return [CompletionItem(name, help=label) for name, label in found.items() if name.startswith(incomplete)]


def complete_column(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the columns of the file already typed; after a comma, those that are not named yet."""
    from evalkit.intake.anyfile import read_any

    typed = [ctx.params.get("file"), *ctx.args]  # an option that still lacks its value leaves the file among the rest
    file = next((Path(str(name)) for name in typed if name), None)
    if file is None:
        return []
    before, comma, begun = incomplete.rpartition(",")
    named = before.split(",")
    try:
        columns = read_any(file).lazy().collect_schema().names()
    except (EvalkitError, OSError):  # none that can be read: the command itself will tell
        return []
    return [CompletionItem(f"{before}{comma}{c}") for c in columns if c.startswith(begun) and c not in named]


def _programmes() -> list[str]:
    from evalkit.batch.places import data_folder, programme_ids

    try:
        return programme_ids(data_folder())
    except EvalkitError:
        return []
