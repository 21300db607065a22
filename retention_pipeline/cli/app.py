"""Commands and exit codes.

Belongs here: arguments, error messages, exit codes. Not here: what a command shows (``summary``, ``tables``), commands
that have a module of their own (``*_commands``, imported here so that they are there).
"""

from __future__ import annotations

import os
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from retention_pipeline import __version__
from retention_pipeline.cli import (  # noqa: F401  # register their commands
    alert_commands,
    doctor_commands,
    erase_commands,
    history_commands,
    quarantine_commands,
    reconcile_commands,
    time_commands,
)
from retention_pipeline.cli.base import app, err, out, parse_date, settings_of
from retention_pipeline.cli.tables import visible
from retention_pipeline.core.errors import ConfigError, RetentionError, RunInterruptedError
from retention_pipeline.core.interrupts import noticing, raise_later
from retention_pipeline.core.memory import no_memory
from retention_pipeline.core.periods import Grain


class Format(StrEnum):
    """How ``query`` writes its result."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def main() -> None:
    """Run the command; a user's mistake ends in a message and an exit code, never in a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.unraisablehook = raise_later
    with noticing() as told_to_stop:
        try:
            app()
        except RetentionError as error:
            _end(error)
        except MemoryError:
            _end(no_memory())
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except Exception:  # raised again, unless it is what a library made of an interrupt
            if not told_to_stop():
                raise
            _end(RunInterruptedError("interrupted"))


def _end(error: RetentionError) -> None:
    text = visible(str(error))
    try:
        err.print(f"[bold red]error:[/] {escape(text)}", soft_wrap=True)
    except MemoryError:  # to print in colour, modules are imported
        os.write(sys.stderr.fileno(), f"error: {text}\n".encode())
    sys.exit(int(error.exit_code))


def _print_version(wanted: bool) -> None:
    if wanted:
        out.print(f"retention {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="The shop's configuration; default RETENTION_CONFIG, else retention.toml.")
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="Where everything is kept; default RETENTION_HOME, else .retention beside it.")
    ] = None,
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False,
) -> None:
    """Options of every command."""
    context.obj = (config, home)


@app.command()
def run(
    context: typer.Context,
    as_of: Annotated[str | None, typer.Option(help="Compute what was known on this date; default: the latest.")] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for another run to end.")] = 0,
    until: Annotated[str | None, typer.Option(help="Leave later days alone, as the night's run does.")] = None,
    rebuild: Annotated[bool, typer.Option(help="Build every stage anew, also from the same inputs.")] = False,
) -> None:
    """Take in what was delivered, rebuild, check, publish."""
    from retention_pipeline.cli.running import Wanted, run_job

    wanted = Wanted(parse_date(as_of), parse_date(until, "--until"), wait=wait, rebuild=rebuild)
    run_job(settings_of(context), wanted, out)


@app.command()
def validate(context: typer.Context) -> None:
    """Read the sources without storing anything: columns, a sample, every reason for rejection."""
    from retention_pipeline.cli.validating import show_validation

    show_validation(settings_of(context), out)


@app.command()
def status(context: typer.Context) -> None:
    """What is published, how fresh it is, whether a run is under way."""
    from retention_pipeline.cli.summary import show_status

    show_status(settings_of(context), out)


@app.command()
def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(help="A select statement over the published tables.")],
    format: Annotated[Format, typer.Option(help="How to write the result.")] = Format.table,  # noqa: A002  # the option's name
    output: Annotated[Path | None, typer.Option(help="Write to this file (needed for parquet).")] = None,
    version: Annotated[str | None, typer.Option(help="Another kept version, such as v000003.")] = None,
) -> None:
    """Query the published version, read-only."""
    from retention_pipeline.cli.querying import run_query

    run_query(settings_of(context), sql, out, form=format.value, output=output, version=version)


@app.command()
def explain(
    context: typer.Context,
    metric: Annotated[str, typer.Argument(help="A metric, such as customer_retention_rate.set_based.")],
    period: Annotated[str | None, typer.Option(help="A day of the period; default: the latest final one.")] = None,
    segment: Annotated[str | None, typer.Option(help="A segment, such as country=DE; default: everybody.")] = None,
    basis: Annotated[str | None, typer.Option(help="purchase_window, calendar, subscription or a scale.")] = None,
    grain: Annotated[str | None, typer.Option(help="Length of the period; default month where published.")] = None,
    age: Annotated[int | None, typer.Option(min=0, help="Age of a cohort; default 1.")] = None,
) -> None:
    """Say what a number means, how it came about, and list the rows behind it."""
    from retention_pipeline.cli.explaining import Wanted, explain

    day = parse_date(period, "--period")
    explain(settings_of(context), metric, Wanted(day, segment, basis, grain, age), out)


@app.command()
def rfm(
    context: typer.Context,
    write: Annotated[bool, typer.Option(help="Add the proposal to the configuration.")] = False,
) -> None:
    """Propose cut points for recency, frequency and money, to be frozen in the configuration."""
    from retention_pipeline.cli.proposing import propose_cut_points

    propose_cut_points(settings_of(context), out, write=write)


@app.command()
def report(
    context: typer.Context,
    output: Annotated[Path | None, typer.Option(help="Write to this file; default report.html in the home.")] = None,
    grain: Annotated[Grain | None, typer.Option(help="Length of a period; default month where published.")] = None,
) -> None:
    """Draw the published version as one HTML page with plots."""
    from retention_pipeline.cli.reporting import write_report

    write_report(settings_of(context), out, output=output, grain=grain)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="A new folder, or with --force that of an earlier demo shop.")],
    seed: Annotated[int, typer.Option(help="Another seed, another shop.")] = 7,
    customers: Annotated[int, typer.Option(min=50, help="Registered customers.")] = 10_000,
    days: Annotated[int, typer.Option(min=60, help="Days of deliveries.")] = 1096,
    force: Annotated[bool, typer.Option(help="Replace an earlier demo shop, its configuration too.")] = False,
    redeliver: Annotated[bool, typer.Option(help="Only deliver one day of that shop again, corrected.")] = False,
) -> None:
    """Write a simulated shop: configuration, daily files with dirt, and the truth behind them."""
    from retention_pipeline.cli.tables import own_name
    from retention_pipeline.demo.redelivery import redeliver_day
    from retention_pipeline.demo.shop import write_shop
    from retention_pipeline.warehouse.files import os_errors

    if redeliver:
        change = redeliver_day(folder)
        out.print(f"corrected {change.path}: {change.orders_change:+} orders; run again to see what changes")
        return
    if folder.is_file():
        raise ConfigError(f"{folder}: is a file", remedy="name a new folder")
    if (folder / "retention.toml").exists() and not force:
        raise ConfigError(f"{folder}: a shop is there already", remedy="name a new folder, or add --force")
    with out.status(f"simulating {days} days of a shop"), os_errors(folder):
        write_shop(folder, seed=seed, customers=customers, days=days)
    out.print(f"demo shop written to {folder}; next: {own_name()} --config {folder}/retention.toml run", soft_wrap=True)


@app.command()
def dev(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on the loopback interface.")] = 3000,
) -> None:
    """Open the graph in Dagster's web interface, on this machine only."""
    from retention_pipeline.cli.running import serve

    raise typer.Exit(serve(settings_of(context), port))
