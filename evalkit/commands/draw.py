"""evalkit draw: which villages become pilots, by lot, with a record by which anybody can draw again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit import __version__
from evalkit.commands.complete import complete_column

if TYPE_CHECKING:
    from evalkit.draw import Drawn

DRAWN = """\
{pilot} pilot and {comparison} comparison villages{left}, drawn {how}
{folder}: {files}
Hash of the draw: {hash}. Write it down or send it to somebody today; the same list and seed give it again."""
HOW = {"all": "from all villages", "strata": "within {n} strata", "pairs": "one of each of {n} pairs"}


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--village", metavar="V", shell_complete=complete_column, help="Column that names the village.")
@click.option("--pilot", type=click.IntRange(min=1), help="How many villages become pilots; left out with --pairs.")
@click.option(
    "--strata", metavar="A,B", default="", shell_complete=complete_column, help="Columns within which to draw."
)
@click.option(
    "--pairs", metavar="A,B", default="", shell_complete=complete_column, help="Columns of numbers in which to pair."
)
@click.option("--seed", help="Any text that nobody could choose, such as a lottery's numbers on a day fixed before.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the draw; never overwritten.")
@click.option(
    "--verify",
    type=click.Path(path_type=Path, file_okay=False),
    help="Instead of drawing: draw again as this folder's record says, and compare; exit 1 where anything differs.",
)
def draw(file: Path, verify: Path | None, **options: Any) -> None:
    """Draw pilot villages by lot from FILE, one row a village, and keep the draw so that it can be repeated.

    FILE may be CSV, Excel, parquet, Stata or SPSS. A village's ticket is the SHA-256 of SEED:VILLAGE; the lowest
    tickets of a stratum, or the lower of a pair, become pilots.
    """
    from evalkit.errors import UsageError

    given = [name for name, value in options.items() if value]
    if verify is not None:
        if given:
            raise UsageError(
                "--verify", f"--{given[0]} beside it", "FILE and --verify alone", "the record says the rest"
            )
        return _verify(file, verify)
    missing = [f"--{name}" for name in ("village", "seed", "out") if not options[name]]
    if missing:
        raise UsageError("draw", f"{', '.join(missing)} not given", "each of them", "give it")
    return _draw(file, options)


def _draw(file: Path, options: dict[str, Any]) -> None:
    from evalkit.draw import draw_villages, keep, record_of
    from evalkit.intake.anyfile import read_any

    columns = {name: tuple(filter(None, options[name].split(","))) for name in ("strata", "pairs")}
    frame = read_any(file, texts=(options["village"], *columns["strata"])).collect()
    drawn = draw_villages(frame, village=options["village"], seed=options["seed"], pilot=options["pilot"], **columns)
    record = record_of(drawn, file.name, file.read_bytes(), __version__)
    paths = keep(drawn, record, options["out"])
    click.echo(_said(drawn, options["out"], [p.name for p in paths], record["assignment_sha256"]))


def _said(drawn: Drawn, folder: Path, files: list[str], digest: str) -> str:
    column = "pair" if drawn.lot.pairs else "stratum"
    n = drawn.rows.filter(drawn.rows[column] != "")[column].n_unique()
    left = drawn.count("left_over")
    return DRAWN.format(
        pilot=drawn.count("pilot"),
        comparison=drawn.count("comparison"),
        left=f" ({left} left over: assigned to neither)" if left else "",
        how=HOW[drawn.lot.method].format(n=n),
        folder=folder,
        files=", ".join(files),
        hash=digest,
    )


def _verify(file: Path, folder: Path) -> None:
    from evalkit.draw import ASSIGNMENT, problems, read_record
    from evalkit.errors import DataError
    from evalkit.intake.anyfile import read_any

    record = read_record(folder)
    frame = read_any(file, texts=(record["village"], *record["strata"])).collect()
    stored = folder / ASSIGNMENT
    if not stored.is_file():
        raise DataError(str(stored), "there is no such file", "the assignment as it was drawn", "restore it")
    found = problems(record, stored.read_bytes(), frame)
    if found:
        raise DataError(str(folder), "; ".join(found), "what was drawn, unchanged", "use the draw as it was recorded")
    click.echo(f"{folder}: drawn again from {file.name}, all {sum(record['villages'].values())} villages as recorded")
