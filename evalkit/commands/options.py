"""The options that say who is compared with whom; shared by the commands that read rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]
NAMES = ("unit", "cluster", "time", "first_treated", "treatment", "weights", "strata")

DESIGN = (
    click.option("--unit", metavar="ID", help="Column of the household."),
    click.option("--cluster", metavar="V", help="Column of the village; needed for rows, known in a moments file."),
    click.option("--time", metavar="T", help="Column of the round; left out for one cross-section."),
    click.option("--first-treated", metavar="G", help="Column of the first treated round; empty, 0 or inf = never."),
    click.option("--treatment", metavar="D", help="Column of 0/1 by unit and round, instead of --first-treated."),
    click.option("--weights", metavar="W", help="Column of the sampling weight."),
    click.option("--strata", metavar="S", help="Column of the strata within which villages were assigned."),
)


def design_options(command: Command) -> Command:
    """Add the options of a design to a command."""
    for option in reversed(DESIGN):
        command = option(command)
    return command


def design_of(options: dict[str, Any]) -> Any:
    """Return the Design of a command's options; UsageError where villages or treatment are not named."""
    from evalkit.design import Design
    from evalkit.errors import UsageError

    if options["cluster"] is None:
        raise UsageError(
            "--cluster", "it is missing", "the column of the village", "intervals depend on it, so it is never guessed"
        )
    return Design(**{n: options[n] for n in NAMES}, anticipation=options.get("anticipation") or 0)


def agreed(design: Any, options: dict[str, Any]) -> Any:
    """Return the design of a moments file; UsageError where an option says otherwise: the sums cannot be redone."""
    from evalkit.errors import UsageError

    for name in (*NAMES, "anticipation"):
        known, given = getattr(design, name), options.get(name)
        if given and given != known:
            raise UsageError(
                f"--{name.replace('_', '-')}",
                f"{given!r}, but the moments were summed with {known or 'none'}",
                "the design of the moments file",
                "leave the option out, or make the moments anew with it",
            )
    return design
