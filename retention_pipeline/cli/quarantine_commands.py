"""``retention quarantine``: records that were set aside, listed, shown, repaired.

Belongs here: the arguments of these commands. Not here: what they show and do (``quarantine``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retention_pipeline.cli.base import app, out, parse_date, settings_of
from retention_pipeline.cli.history_commands import ListFormat

quarantine = typer.Typer(no_args_is_help=True, help="Records that were set aside: list, show, repair.")
app.add_typer(quarantine, name="quarantine")

Source = Annotated[str | None, typer.Option(help="Records of this source, such as orders.")]
Reason = Annotated[str | None, typer.Option(help="Records with this reason code.")]
File = Annotated[str | None, typer.Option(help="Records of this file, as the list spells it.")]
Line = Annotated[int | None, typer.Option(min=1, help="The record on this line.")]
Since = Annotated[str | None, typer.Option(help="Records that arrived on this day or later.")]
Every = Annotated[bool, typer.Option("--all", help="Also records that have been repaired.")]


@quarantine.command("list")
def list_records(
    context: typer.Context,
    source: Source = None,
    reason: Reason = None,
    file: File = None,
    since: Since = None,
    every: Every = False,
    form: Annotated[ListFormat, typer.Option("--format", help="How to write the rows.")] = ListFormat.table,
) -> None:
    """Count what is set aside, by source, file and reason. Shows no record."""
    from retention_pipeline.cli.quarantine import show_list
    from retention_pipeline.intake.quarantine import Wanted

    wanted = Wanted(source, reason, file, None, parse_date(since, "--since"), every)
    show_list(settings_of(context), wanted, out, form=form.value)


@quarantine.command()
def show(
    context: typer.Context,
    source: Source = None,
    reason: Reason = None,
    file: File = None,
    line: Line = None,
    since: Since = None,
    every: Every = False,
    csv: Annotated[Path | None, typer.Option(help="Write the records to this new file, to be repaired in it.")] = None,
) -> None:
    """Show what was kept of records, here or in a file to repair them in. Customers are hashes."""
    from retention_pipeline.cli.quarantine import show_records, write_records
    from retention_pipeline.intake.quarantine import Wanted

    wanted = Wanted(source, reason, file, line, parse_date(since, "--since"), every)
    if csv is None:
        show_records(settings_of(context), wanted, out)
    else:
        write_records(settings_of(context), wanted, csv, out)


@quarantine.command()
def replay(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `show --csv` wrote, repaired.")],
    check: Annotated[bool, typer.Option("--check", help="Only say what would be taken in.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a run to end.")] = 0,
) -> None:
    """Take repaired records in, beside the delivery they came with. The next run publishes them."""
    from retention_pipeline.cli.quarantine import replay_file

    replay_file(settings_of(context), file, out, only_check=check, wait=wait)


@quarantine.command()
def undo(
    context: typer.Context,
    repair: Annotated[str, typer.Argument(help="The repair, as `replay` and `list --all` name it.")],
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a run to end.")] = 0,
) -> None:
    """Let a repair no longer count: its records are set aside again."""
    from retention_pipeline.cli.quarantine import undo_replay

    undo_replay(settings_of(context), repair, out, wait=wait)
