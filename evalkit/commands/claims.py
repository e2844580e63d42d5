"""evalkit claims: the figures of an article about a programme, checked, with estimates beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from evalkit.commands.complete import complete_programme

if TYPE_CHECKING:
    from evalkit.programme import Programme
    from evalkit.report.wording import Language


@click.command()
@click.argument("programme", shell_complete=complete_programme)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of the text.")
@click.option("--estimates/--no-estimates", default=True, show_default=True, help="Compute the estimates beside.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of methods that draw.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def claims(programme: str, lang: str, estimates: bool, seed: int, as_json: bool) -> None:
    """Check the reported figures of PROGRAMME (claims.toml in its folder, which need hold nothing else)."""
    from evalkit.claims import audit, read_claims
    from evalkit.finding import evaluate
    from evalkit.report.claims import claims_text, claims_values

    folder = _folder(programme)
    plan = _plan(folder)
    reported = read_claims(folder, None if plan is None else [i.name for i in plan.indicators])
    names = reported.indicators if estimates and plan is not None else ()
    findings = {name: evaluate(plan, name, seed=seed) for name in names} if plan is not None else {}
    checked = audit(reported)
    if as_json:
        click.echo(json.dumps(claims_values(checked, findings), ensure_ascii=False, indent=1, allow_nan=False))
        return
    simulated = plan is not None and plan.is_simulated
    click.echo(claims_text(checked, findings, cast("Language", lang), simulated=simulated))


def _folder(programme: str) -> Path:
    """Return a folder with claims: given as a path, or by its name in the data folder."""
    from evalkit.batch.places import data_folder
    from evalkit.claims import has_claims

    given = Path(programme)
    return given if has_claims(given) else data_folder() / programme


def _plan(folder: Path) -> Programme | None:
    """Return the programme of a folder; None where there is only an article so far."""
    from evalkit.batch.places import narrowed
    from evalkit.programme import FILE_NAME, load

    return narrowed(load(folder)) if (folder / FILE_NAME).is_file() else None
