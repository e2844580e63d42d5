"""evalkit migrate: a plan of an older form, shown in today's, and written as a copy."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import click

from evalkit.commands.complete import complete_programme


@click.command()
@click.argument("programme", shell_complete=complete_programme)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the plan in today's form to this file; programme.toml itself is never changed.",
)
def migrate(programme: str, out: Path | None) -> None:
    """Show what would change in the plan of PROGRAMME, written for an earlier evalkit; with --out write the copy."""
    from evalkit.plan_migration import migrated
    from evalkit.programme import FILE_NAME, SCHEMA_VERSION

    file = _file_of(programme)
    before = file.read_text(encoding="utf-8")
    plan = migrated(before)
    if plan.version == SCHEMA_VERSION:
        click.echo(f"{programme}: schema_version {SCHEMA_VERSION} is today's form; nothing to change")
        return
    lines = unified_diff(
        before.splitlines(), plan.text.splitlines(), FILE_NAME, f"{FILE_NAME}, in today's form", lineterm=""
    )
    click.echo("\n".join([*lines, "", *(f"- {change}" for change in plan.changes)]))
    if out is None:
        click.echo(f"Nothing is written. To write a copy: evalkit migrate {programme} --out FILE")
        return
    _write_new(out, plan.text)
    click.echo(f"{out}: written. Look at it, then put it in the place of {FILE_NAME} and run evalkit check {programme}")


def _file_of(programme: str) -> Path:
    """Return the plan's file, by a programme's name or the path of its folder; it need not be valid."""
    from evalkit.batch.places import data_folder, programme_ids
    from evalkit.errors import PlanError, nearest
    from evalkit.programme import FILE_NAME

    if (Path(programme) / FILE_NAME).is_file():
        return Path(programme) / FILE_NAME
    folder = data_folder()
    if not (folder / programme / FILE_NAME).is_file():
        raise PlanError(
            "programme",
            f"{programme!r} is unknown ({nearest(programme, programme_ids(folder))})",
            f"a folder with a {FILE_NAME}",
            "correct the name",
        )
    return folder / programme / FILE_NAME


def _write_new(out: Path, text: str) -> None:
    """Write a file that must not be there yet."""
    from evalkit.errors import UsageError

    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(str(out), "it is already there", "a new file", "give another name") from error
