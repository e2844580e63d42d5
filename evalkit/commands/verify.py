"""evalkit verify: whether the findings in a folder are still what inputs and code give."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evalkit.batch.verify import Verified

SHOWN = 5
SENTENCES = {
    "equal": "equal to the byte",
    "origin": "results equal; it was made from other files, code or versions",
    "changed": "CHANGED",
    "failed": "CANNOT BE COMPUTED",
    "gone": "NO LONGER PLANNED",
}


@click.command()
@click.argument("findings", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes; one for each core by default.")
@click.pass_context
def verify(ctx: click.Context, /, findings: Path, workers: int | None) -> None:
    """Compute every finding in FINDINGS again, and refit each regression with statsmodels; exit 1 where one differs."""
    from evalkit.batch.run import Settings
    from evalkit.batch.verify import verify as compute

    verified = compute(findings, Settings(workers=workers))
    for one in verified:
        click.echo("\n".join(lines_of(one)))
    right = sum(one.is_right for one in verified)
    refitted = sum(one.refit is not None for one in verified)
    click.echo(f"{right} of {len(verified)} findings stand; {refitted} headlines were refitted with statsmodels")
    ctx.exit(0 if right == len(verified) else 1)


def lines_of(one: Verified) -> list[str]:
    """Return what is told of a finding: one line, and the first values that differ."""
    refit = ""
    if one.refit is not None:
        agrees = "agrees" if one.refit.agrees else "DOES NOT AGREE"
        refit = f"; statsmodels {agrees}: {one.refit.refitted:.10g} beside {one.refit.stored:.10g}"
    more = [f"    … and {len(one.changes) - SHOWN} more"] if len(one.changes) > SHOWN else []
    return [f"{one.page}: {SENTENCES[one.state]}{refit}", *(f"    {c}" for c in one.changes[:SHOWN]), *more]
