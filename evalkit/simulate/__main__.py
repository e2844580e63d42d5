"""python -m evalkit.simulate SCENARIO --out FOLDER: write the raw files of a simulated programme."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.errors import EvalkitError
from evalkit.simulate.registry import scenarios, write_programme


@click.command()
@click.argument("scenario", type=click.Choice(scenarios()))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder to write into."
)
def main(scenario: str, out: Path) -> None:
    """Write the raw files of a simulated programme; the same scenario always gives the same bytes."""
    try:
        written = write_programme(scenario, out)
    except EvalkitError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(written)} files in {out}")


if __name__ == "__main__":
    main()
