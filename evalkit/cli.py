"""The command line: thin; each command imports what it needs when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evalkit import __version__
from evalkit.commands.complete import complete_indicator, complete_programme
from evalkit.errors import DataError, EvalkitError, UsageError

STOPPED = 130
"""What shells give for a command ended by Ctrl-C."""


class Commands(click.Group):
    """A group whose commands tell an EvalkitError, or what a disk refuses, as a message: exit 2 for usage, else 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except EvalkitError as error:
            click.echo(f"evalkit: {error}", err=True)
            ctx.exit(2 if isinstance(error, UsageError) else 1)
        except BrokenPipeError:
            raise  # click ends quietly where nobody reads on
        except OSError as error:
            place = error.filename or "a file or folder"
            told = DataError(
                str(place), error.strerror or str(error), "room and permission", "free some, then run again"
            )
            click.echo(f"evalkit: {told}", err=True)
            ctx.exit(1)
        except Exception as error:
            if not str(error).startswith("parquet: "):  # a scanned file shows its damage when it is used
                raise
            told = DataError("a .parquet file", str(error), "a sound file", "export it again")
            click.echo(f"evalkit: {told}", err=True)
            ctx.exit(1)


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="evalkit")
def main() -> None:
    """Show what a village programme changed: from raw files to findings pages."""


@main.command()
@click.argument("programme", nargs=-1, shell_complete=complete_programme)
@click.option(
    "--indicator",
    "-i",
    multiple=True,
    shell_complete=complete_indicator,
    help="Only the pages of this indicator; may be given several times.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("findings"),
    show_default=True,
    help="Folder of the pages.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes; one for each core by default.")
@click.option(
    "--engine",
    default="fork",
    show_default=True,
    help="fork: in processes that find everything imported; papermill: its own engine, a kernel for each notebook.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    default=1800.0,
    show_default=True,
    help="Wall time after which a notebook is stopped.",
)
@click.option(
    "--memory-limit",
    type=click.FloatRange(min=0, min_open=True),
    metavar="GB",
    help="Memory above which a notebook is stopped; by default a fair share of what is free.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Execute on the workers of this Dask scheduler (tcp://HOST:8786); needs the extra cluster.",
)
@click.option("--shard", metavar="I/N", help="Only part I of N parts, each into its own folder; see merge-findings.")
@click.option("--retry-failed", is_flag=True, help="Run only what failed last time.")
@click.option("--fresh", is_flag=True, help="Run everything, also what has not changed.")
@click.option(
    "--lang",
    type=click.Choice(["zh", "en", "both"]),
    default="both",
    show_default=True,
    help="Language in which pages open; both = the reader's.",
)
@click.option(
    "--audience",
    type=click.Choice(["public", "internal"]),
    default="public",
    show_default=True,
    help="internal puts every page into internal/; what programme.toml calls internal stays so.",
)
@click.option(
    "--self-contained",
    is_flag=True,
    help="Also write each public page as one file for e-mail, into single/ beside the pages.",
)
@click.pass_context
def run(
    ctx: click.Context, /, programme: tuple[str, ...], indicator: tuple[str, ...], lang: str, **options: Any
) -> None:
    """Run the notebooks of PROGRAMME (all in data_raw/ by default) and write findings pages."""
    from evalkit.batch import Request, Settings, make_plan, run_batch, shard_of

    plan = make_plan(Request(programme, indicator, lang, options["audience"]))
    plan = plan.part(*shard_of(options["shard"])) if options["shard"] else plan
    for note in plan.notes:
        click.echo(f"evalkit: {note}", err=True)
    memory = options["memory_limit"]
    settings = Settings(
        options["out"],
        options["workers"],
        options["engine"],
        options["fresh"],
        options["retry_failed"],
        options["time_limit"],
        None if memory is None else int(memory * 1e9),
        self_contained=options["self_contained"],
        cluster=options["cluster"],
    )
    result = run_batch(plan, settings)
    click.echo(f"{result.done} made, {result.reused} unchanged, {result.failed} failed: {result.index}")
    if result.stopped:
        click.echo("evalkit: stopped; what is done is kept, and the same command goes on from there", err=True)
    ctx.exit(STOPPED if result.stopped else 1 if result.failed else 0)


@main.command()
@click.argument("programme", shell_complete=complete_programme)
@click.option(
    "--workbook",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the list of what to verify, a row a problem, as .xlsx; for the field office only.",
)
@click.pass_context
def check(ctx: click.Context, /, programme: str, workbook: Path | None) -> None:
    """Check the raw files of PROGRAMME against its codebook and plan.

    Exit 1 where rows were left out for errors, or an indicator of the plan cannot be made.
    """
    from evalkit.batch.places import find_programme
    from evalkit.indicators.unmade import unmade_indicators
    from evalkit.intake import check as check_data
    from evalkit.intake import read_programme
    from evalkit.report.quality import quality_text

    plan = find_programme(programme)
    intake = read_programme(plan)
    report, unmade = check_data(plan, intake), unmade_indicators(plan, intake)
    click.echo("\n".join([quality_text(report), *(f"error: {reason}" for reason in unmade)]))
    if workbook is not None:
        from evalkit.report.fix_list import write_fix_list

        click.echo(f"{workbook}: {write_fix_list(report, plan, workbook)} problems (internal, not to be published)")
    ctx.exit(1 if report.has_errors or unmade else 0)


def _add_commands() -> None:
    """Add the commands that stand in files of their own; they import nothing heavy until they are called."""
    from evalkit.commands.claims import claims
    from evalkit.commands.doctor import doctor
    from evalkit.commands.draw import draw
    from evalkit.commands.estimate import estimate
    from evalkit.commands.journal import journal
    from evalkit.commands.merge_findings import merge_findings
    from evalkit.commands.migrate import migrate
    from evalkit.commands.moments import merge, moments
    from evalkit.commands.new import new
    from evalkit.commands.pdf import pdf
    from evalkit.commands.plan import plan
    from evalkit.commands.power import power
    from evalkit.commands.verify import verify

    for command in (
        estimate,
        moments,
        merge,
        merge_findings,
        new,
        plan,
        power,
        draw,
        claims,
        verify,
        journal,
        migrate,
        pdf,
        doctor,
    ):
        main.add_command(command)


_add_commands()
