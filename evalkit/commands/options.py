"""The options that say who is compared with whom; shared by the commands that read rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]
COLUMNS = ("unit", "cluster", "time", "first_treated", "treatment", "weights", "strata")

DESIGN = (
    click.option("--unit", metavar="ID", help="Column of the household."),
    click.option("--cluster", metavar="V", help="Column of the village; needed for rows, known in a moments file."),
    click.option("--time", metavar="T", help="Column of the round; left out for one cross-section."),
    click.option("--first-treated", metavar="G", help="Column of the first treated round; empty, 0 or inf = never."),
    click.option("--treatment", metavar="D", help="Column of 0/1 by unit and round, instead of --first-treated."),
    click.option(
        "--instrument", metavar="Z", help="Column of 0/1: who was assigned; --treatment is then who took part."
    ),
    click.option("--weights", metavar="W", help="Column of the sampling weight."),
    click.option("--strata", metavar="S", help="Column of the strata within which villages were assigned."),
)


CHOICES = (
    click.option(
        "--comparison", type=click.Choice(["never", "not_yet"]), help="Households never treated, or also not yet."
    ),
    click.option(
        "--base",
        type=click.Choice(["varying", "universal"]),
        help="Compare rounds before adoption with the round before, or with one base. Default: varying.",
    ),
    click.option(
        "--sample",
        type=click.Choice(["pairwise", "all_rows", "complete"]),
        help="Households seen in both rounds of a comparison, in either, or in every round. Default: pairwise.",
    ),
    click.option(
        "--aggregate",
        type=click.Choice(["simple", "dynamic", "group", "calendar", "none"]),
        help="What att averages. Default: simple.",
    ),
    click.option(
        "--method",
        type=click.Choice(["dr", "reg", "ipw"]),
        help="With covariates: doubly robust, outcome regression or weighting. Default: dr.",
    ),
)
NAMES = ("comparison", "base", "sample", "aggregate", "method")
TAKES = {"group_time": NAMES}
"""Which estimators take which of these choices."""


def choice_options(command: Command) -> Command:
    """Add the choices of estimators that compare cohorts round by round."""
    for option in reversed(CHOICES):
        command = option(command)
    return command


def choices_of(estimator: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the choices that were made; UsageError where the estimator doesn't take one."""
    from evalkit.errors import UsageError, listed

    made = {n: options[n] for n in NAMES if options[n] is not None}
    for name in made:
        if name not in TAKES.get(estimator, ()):
            able = [e for e, names in TAKES.items() if name in names]
            raise UsageError(
                f"--{name}", f"{estimator} does not take it", f"--estimator {listed(able)}", "leave it out"
            )
    return made


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
    return Design(**columns_of(options), anticipation=options.get("anticipation") or 0)


def columns_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of the Design that a command's options name."""
    from evalkit.errors import UsageError

    columns = {n: options[n] for n in COLUMNS}
    if options["instrument"]:
        if options["treatment"] is None or options["first_treated"] is not None:
            raise UsageError(
                "--instrument",
                "it stands without --treatment, or with --first-treated",
                "who was assigned (--instrument Z) and who took part (--treatment D)",
                "name both columns",
            )
        columns |= {"treatment": options["instrument"], "take_up": options["treatment"]}
    return columns


def agreed(design: Any, options: dict[str, Any]) -> Any:
    """Return the design of a moments file; UsageError where an option says otherwise: the sums cannot be redone."""
    from evalkit.errors import UsageError

    given_columns = {**columns_of(options), "anticipation": options.get("anticipation")}
    for name, given in given_columns.items():
        known = getattr(design, name)
        if given and given != known:
            flag = (
                {"treatment": "instrument", "take_up": "treatment"}.get(name, name) if options["instrument"] else name
            )
            raise UsageError(
                f"--{flag.replace('_', '-')}",
                f"{given!r}, but the moments were summed with {known or 'none'}",
                "the design of the moments file",
                "leave the option out, or make the moments anew with it",
            )
    return design
