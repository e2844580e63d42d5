"""evalkit new: a programme's folder from a folder of raw files, with a draft of plan and codebook."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from evalkit.errors import UsageError

WRITTEN = {"programme.toml", "codebook.csv", "SHA256SUMS"}


@click.command()
@click.argument("name")
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder with the raw files; they are copied, never changed.",
)
def new(name: str, source: Path) -> None:
    """Make data_raw/NAME from a folder of raw files, and draft its programme.toml and codebook.csv."""
    from evalkit.batch.places import data_folder
    from evalkit.intake.draft import draft
    from evalkit.intake.sums import NAME, written_sums

    if not (name.isidentifier() and name.islower() and name.isascii()):
        raise UsageError("NAME", f"{name!r}", "small letters, digits and _", "choose such a name")
    folder = data_folder() / name
    if folder.exists() and (folder.resolve() != source.resolve() or (folder / "programme.toml").exists()):
        raise UsageError(f"{folder}", "it is already there", "a new name", "choose another name; nothing was written")
    made = draft(source, name)
    if folder.resolve() != source.resolve():
        shutil.copytree(source, folder)
    (folder / "programme.toml").write_text(made.programme, encoding="utf-8")
    (folder / "codebook.csv").write_text(made.codebook, encoding="utf-8")
    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name not in WRITTEN]
    (folder / NAME).write_text(written_sums(folder, names), encoding="utf-8")
    click.echo(f"{folder}: programme.toml and codebook.csv are drafts. A person must decide:")
    for line in made.to_decide:
        click.echo(f"  - {line}")
    click.echo(f"Then: evalkit check {name}")
    click.echo("Figures published about it may go into claims.toml: docs/claims.md, evalkit claims")
