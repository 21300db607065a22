"""``retention validate``: what the configuration makes of the files, without storing anything.

Belongs here: showing previews. Not here: reading files (``intake``).
"""

from __future__ import annotations

import secrets

from rich.console import Console
from rich.markup import escape

from retention_pipeline.cli.tables import print_table
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError, InputRefusedError, SourceUnavailableError
from retention_pipeline.intake.arrival import received_date
from retention_pipeline.intake.preview import SAMPLE_ROWS, SourcePreview, preview
from retention_pipeline.intake.report import describe_excess
from retention_pipeline.warehouse.store import scratch_store

SAMPLE_SHOWN = 3
CELL_WIDTH = 24
UNREAD_SHOWN = 12
HINTS = {
    "number_other_separators": "set decimal and thousands of the source",
    "timestamp_unreadable": "set timestamp_format of the source",
    "unknown_feedback_kind": "add the kind to sources.feedback.scales",
    "score_out_of_scale": "correct min and max in sources.feedback.scales",
    "timestamp_too_early": "lower limits.earliest_date",
    "currency_not_supported": "configure [sources.fx_rates]",
    "unknown_spend_kind": "explain the word in sources.spend.kinds",
    "not_a_code": "map a column of short codes to reason; free text is never kept",
    "own_currency_not_one": "deliver units of the shop's currency for one foreign unit",
}
"""What to write in the configuration where the records are right and the configuration is not."""


def show_validation(settings: Settings, console: Console) -> None:
    """Print, per source: columns, counts, a sample, reasons for rejection with their first lines.

    Raises:
        InputRefusedError: At least one source would stop a run.
    """
    with scratch_store() as store, console.status("reading the sources"):
        # a throw-away key: nothing is kept, so the hashes in the sample need not match any other
        seen = preview(store, settings, secrets.token_bytes(32), received_date=received_date(settings.shop.timezone))
    for source in seen:
        _show(source, console)
        for excess in source.excess:
            console.print(f"  {describe_excess(excess, settings)}", style="red", highlight=False, markup=False)
    for source in seen:
        if isinstance(source.error, ConfigError | SourceUnavailableError):
            raise source.error
    unfit = [source.name for source in seen if not source.is_fit]
    orders = next(source.report for source in seen if source.name == "orders")
    if not unfit and (orders is None or not orders.loaded):
        raise InputRefusedError("a run would stop: not a single order can be loaded")
    if unfit:
        raise InputRefusedError(f"a run would stop at: {', '.join(unfit)}", remedy="see the reasons above")
    console.print("\n[bold green]fit[/]: a run would accept every source")


def _show(source: SourcePreview, console: Console) -> None:
    extent = f"a sample of {SAMPLE_ROWS} rows" if source.is_sample else f"{source.files} files"
    console.print(f"\n[bold]{source.name}[/]  {escape(source.path)}  ({extent})", highlight=False, soft_wrap=True)
    if source.error is not None:
        console.print(f"  {source.error}", style="red", highlight=False, markup=False, soft_wrap=True)
        return
    rows = [(column.contract, column.type, column.source or "-", column.note) for column in source.columns]
    print_table(console, ("contract column", "type", "your column", ""), rows)
    _show_counts(source, console)
    if source.sample:
        _show_sample(source, console)
    for refusal in source.refused:
        console.print(f"  refused: {refusal}; {refusal.remedy}", style="red", highlight=False, markup=False)


def _show_sample(source: SourcePreview, console: Console) -> None:
    """A record is wider than a terminal, so records stand side by side, one column of the contract a line."""
    records = source.sample[:SAMPLE_SHOWN]
    rows = [(name, *(_short(record[place]) for record in records)) for place, name in enumerate(source.sample_columns)]
    heads = ("", *(f"record {number}" for number in range(1, len(records) + 1)))
    print_table(console, heads, rows, title="\nfirst accepted records, customers hashed")


def _short(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return text if len(text) <= CELL_WIDTH else text[: CELL_WIDTH - 1] + "…"


def _show_counts(source: SourcePreview, console: Console) -> None:
    report = source.report
    if report is None:
        return
    if report.unread:
        more = f" and {len(report.unread) - UNREAD_SHOWN} more" if len(report.unread) > UNREAD_SHOWN else ""
        unread = ", ".join(report.unread[:UNREAD_SHOWN]) + more
        console.print(f"  not read: {unread}", highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"\n  {report.records} records = {report.loaded} loaded + {report.quarantined} quarantined "
        f"+ {report.suppressed} exact duplicates",
        highlight=False,
    )
    reasons = []
    for reason, count in report.reasons.most_common():
        where = [f"{one.path}:{one.line}" for one in report.rejected if one.reason == reason]
        reasons.append((reason, count, HINTS.get(reason, ""), ", ".join(where)))
    if reasons:
        print_table(console, ("reason", "records", "if it is meant", "first seen at"), reasons)
    for warning in report.warnings:
        console.print(f"  warning: {warning}", style="yellow", highlight=False, markup=False, soft_wrap=True)
