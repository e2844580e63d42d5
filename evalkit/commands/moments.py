"""evalkit moments and evalkit merge: sufficient statistics to files, and their sum."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.commands.options import design_of, design_options

if TYPE_CHECKING:
    from evalkit.moments import Moments


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    required=True,
    metavar="Y",
    help="Column of an outcome; may be given several times.",
)
@design_options
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The moments file to write (.parquet).",
)
@click.option(
    "--share", "shared", is_flag=True, help="Fold attendance patterns, so that the file may leave the office."
)
@click.option(
    "--min-households",
    type=click.IntRange(min=2),
    default=10,
    show_default=True,
    help="With --share: fewest households of a village in a round.",
)
@click.option("--drop-small", is_flag=True, help="With --share: leave villages with fewer out, and name them.")
@click.option(
    "--office",
    metavar="NAME",
    help="With --share: the office that sends the file, by default the name of --out; a correction has the same.",
)
@click.option(
    "--revision",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="With --share: 2 for the first correction, and so on; the centre takes the highest.",
)
@click.option(
    "--cluster-address",
    metavar="ADDRESS",
    help="Sum on the workers of this Dask scheduler (tcp://HOST:8786), which must see the FILES.",
)
def moments(files: tuple[Path, ...], outcomes: tuple[str, ...], out: Path, **options: Any) -> None:
    """Sum the rows of FILES by village; a household's rows must all be in FILES.

    Parquet files may be larger than memory, and cut in any way. A folder stands for the parquet files in it.
    """
    target, named = _parquet(out), _files(files)
    if options["shared"]:
        from evalkit.commands.share import share_rows

        share_rows(named, outcomes, target, options)
        return
    found = summed(named, outcomes, options)
    click.echo(f"{found!r}: {found.write(target)}")


def summed(files: Sequence[Path], outcomes: Sequence[str], options: dict[str, Any]) -> Moments:
    """Return the moments of files: on a cluster, part by part where they are parquet, else at once."""
    import polars as pl

    from evalkit.errors import UsageError
    from evalkit.intake.anyfile import read_any
    from evalkit.moments import Moments
    from evalkit.moments.on_cluster import moments_on_cluster
    from evalkit.moments.partition import moments_of_files

    design, address = design_of(options), options["cluster_address"]
    frames = [read_any(file) for file in files]  # a damaged file is named before anything is summed
    if any(file.suffix.lower() != ".parquet" for file in files):
        if address:
            raise UsageError("--cluster-address", "some files are not .parquet", "parquet", "convert them first")
        return Moments.from_frame(pl.concat(frames, how="vertical"), design=design, outcomes=outcomes)
    if address:
        return moments_on_cluster(address, files, design=design, outcomes=outcomes)
    return moments_of_files(files, design=design, outcomes=outcomes)


def _files(given: Sequence[Path]) -> list[Path]:
    """Return the files that were given, sorted; a folder stands for the parquet files in it and below."""
    found = [f for path in given for f in (sorted(path.rglob("*.parquet")) if path.is_dir() else [path])]
    return sorted(found or given)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The moments file to write (.parquet).",
)
def merge(files: tuple[Path, ...], out: Path) -> None:
    """Add the moments FILES of different villages; an office's correction takes the place of what it sent before."""
    from evalkit.moments import Moments
    from evalkit.moments.senders import latest

    received = latest([Moments.read(f) for f in files])
    for sentence in received.replaced:
        click.echo(sentence)
    found = received.moments[0].merge(*received.moments[1:])
    click.echo(f"{found!r}: {found.write(_parquet(out))}")


def _parquet(out: Path) -> Path:
    from evalkit.errors import UsageError

    if out.suffix != ".parquet":
        raise UsageError("--out", f"{out.name!r}", "a name that ends in .parquet", "add the ending")
    if not out.resolve().parent.is_dir():
        raise UsageError("--out", f"there is no folder {out.parent}", "a folder that is there", "make it first")
    return out
