"""evalkit plan lock and plan diff: fix the plan before results are seen; show how today's departs from it."""

from __future__ import annotations

from datetime import date

import click

from evalkit.commands.complete import complete_programme
from evalkit.errors import UsageError


@click.group()
def plan() -> None:
    """Fix a programme's plan, or show how today's departs from the fixed one."""


@plan.command()
@click.argument("programme", shell_complete=complete_programme)
def lock(programme: str) -> None:
    """Fix the plan of PROGRAMME: plan.lock.json beside programme.toml, with the day and a hash. Only once."""
    from evalkit.batch.places import find_programme
    from evalkit.plan_lock import lock_file, lock_plan, lock_text

    found = find_programme(programme)
    file = lock_file(found)
    if file.exists():
        raise UsageError(
            str(file),
            "the plan is fixed already",
            "one fixed plan",
            "change programme.toml and say why; pages list what differs (evalkit plan diff)",
        )
    fixed = lock_plan(found, date.today().isoformat())
    file.write_text(lock_text(fixed), encoding="utf-8")
    click.echo(f"{file}: fixed on {fixed.locked_on}, hash {fixed.plan_hash}, {len(fixed.entries)} entries")


@plan.command()
@click.argument("programme", shell_complete=complete_programme)
@click.pass_context
def diff(ctx: click.Context, programme: str) -> None:
    """Show how programme.toml departs from the fixed plan; exit 1 where it does."""
    from evalkit.batch.places import find_programme
    from evalkit.plan_lock import deviations, lock_file, read_lock

    found = find_programme(programme)
    fixed = read_lock(found)
    if fixed is None:
        raise UsageError(str(lock_file(found)), "no plan was fixed", "a fixed plan", f"evalkit plan lock {programme}")
    departures = deviations(found, fixed)
    click.echo(f"{found.id}: plan fixed on {fixed.locked_on}, {len(departures)} deviations")
    for d in departures:
        click.echo(f"  {d.entry}: planned {d.planned or 'nothing'}, now {d.now or 'nothing'}")
    ctx.exit(1 if departures else 0)
