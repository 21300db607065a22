"""``retention explain``: what a number means, what it was computed from, and the rows behind it.

Belongs here: finding the metric and its cell, printing. Not here: the SQL of the rows (``metrics.lineage``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.console import Console
from rich.text import Text

from retention_pipeline.cli.tables import own_name, print_table
from retention_pipeline.config import Settings
from retention_pipeline.core.choices import listed, meant
from retention_pipeline.core.errors import ConfigError, NothingPublishedError
from retention_pipeline.core.status import Status
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.metrics.definition import MetricDefinition
from retention_pipeline.metrics.facts import TOTAL
from retention_pipeline.metrics.lineage import Rows, rows_behind
from retention_pipeline.metrics.registry import BY_NAME, REGISTRY, SOURCES
from retention_pipeline.warehouse.read import current_version, run_select

Select = Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]
"""Runs a query on one published version: names of columns, rows."""

PREFERRED = ("month", "quarter", "year", "week", "day", "all")
"""Grain shown when none is asked for: the first of these that is published."""


@dataclass(frozen=True)
class Wanted:
    """Which cell of a metric to explain; None stands for the usual one."""

    period: dt.date | None = None
    segment: str | None = None
    basis: str | None = None
    grain: str | None = None
    cohort_age: int | None = None


def explain(settings: Settings, name: str, wanted: Wanted, console: Console) -> None:
    """Print definition, value and origin of one metric.

    Raises:
        ConfigError: No such metric, or no such cell of it; the message says what there is.
    """
    definition = _definition(name, console)
    if definition is None:
        return
    _print_definition(definition, console)
    # all from one version, also when another becomes current meanwhile
    select: Select = partial(run_select, settings.home, version=current_version(settings.home))
    try:
        cell = _cell(select, definition, wanted)
    except NothingPublishedError as error:
        console.print(f"\n{error}: no value to explain yet")
        return
    _print_cell(cell, settings.shop.final_grace_days, console)
    _print_rows(select, cell, rows_behind(cell, definition.family), console)


def _definition(name: str, console: Console) -> MetricDefinition | None:
    """The definition; None after listing the variants where there are several."""
    if name in BY_NAME:
        return BY_NAME[name]
    variants = [definition for definition in REGISTRY if definition.metric == name]
    if len(variants) == 1:
        return variants[0]
    if variants:
        console.print(f"{name} has {len(variants)} variants; explain one of them:\n")
        print_table(console, ["metric", "meaning"], [(each.name, each.meaning) for each in variants])
        return None
    known = sorted({*BY_NAME, *(definition.metric for definition in REGISTRY)})
    raise ConfigError(
        f"{name!r} is not a metric", remedy=meant(name, known) + "the table _metric_catalog lists them all"
    )


def _print_definition(definition: MetricDefinition, console: Console) -> None:
    source = definition.source + "".join(
        f"; {key}: {text}" for key, text in SOURCES.items() if key in definition.source
    )
    console.print(Text(definition.name, style="bold"))
    for label, text in (
        ("meaning", definition.meaning),
        ("formula", definition.formula),
        ("source", source),
        ("unit", definition.unit),
        ("interval", definition.interval or "none: no standard one"),
        ("final", definition.maturity),
        ("published in", f"metric_values, {definition.family} (definition version {definition.version})"),
    ):
        console.print(Text(f"  {label:<13}{text}"), soft_wrap=True)


def _cell(select: Select, definition: MetricDefinition, wanted: Wanted) -> dict[str, Any]:
    where = [f"metric = '{definition.metric}'", f"variant = '{definition.variant}'"]
    chosen = where + _conditions(wanted)
    grains = ", ".join(f"'{grain}'" for grain in PREFERRED)
    age = " (cohort_age = 1) desc," if wanted.cohort_age is None else ""
    names, rows = select(
        f"select {', '.join(METRIC_VALUES.column_names)} from metric_values where {' and '.join(chosen)}"
        f" order by list_position([{grains}], grain),{age} segment_set = 'all' desc, (status = 'final') desc,"
        " basis = 'purchase_window' desc, basis, period_start desc, cohort_age, segment_key limit 1",
    )
    if not rows:
        raise ConfigError(
            f"{definition.name} has no such value" + _not_there(select, where, wanted),
            remedy="see what there is: "
            f'{own_name()} query "select distinct basis, grain, segment_set, segment_key from metric_values'
            f' where {" and ".join(where)}"',
        )
    return dict(zip(names, rows[0], strict=True))


def _not_there(select: Select, where: list[str], wanted: Wanted) -> str:
    """Which of the wanted parts the metric does not have, and which it has instead."""

    def of_metric(columns: str, *more: str) -> list[Any]:
        return select(f"select distinct {columns} from metric_values where {' and '.join([*where, *more])}")[1]

    segment_set, _, key = (wanted.segment or "").partition("=")
    of_set = "segment_set = '" + segment_set.replace("'", "''") + "'"
    parts = (
        ("--basis", wanted.basis, "basis", ()),
        ("--grain", wanted.grain, "grain", ()),
        ("--segment", segment_set or None, "segment_set", ()),
        ("--segment", wanted.segment if key else None, "segment_set || '=' || segment_key", (of_set,)),
        ("--age", None if wanted.cohort_age is None else str(wanted.cohort_age), "cohort_age", ()),
    )
    said = ""
    for option, given, column, more in parts:
        there = [] if given is None else [str(name) for (name,) in of_metric(column, *more) if name is not None]
        if given is not None and given not in there and not (more and not there):
            said += f"; {option} {given!r} is none of its own: {listed(there) or 'it has none'}"
    if not said and wanted.period is not None:
        first, after = of_metric("min(period_start), max(period_end)")[0]
        said = f"; its periods lie from {first} to before {after}"
    return said


def _conditions(wanted: Wanted) -> list[str]:
    found = []
    if wanted.period is not None:
        found.append(f"date '{wanted.period}' >= period_start and date '{wanted.period}' < period_end")
    segment_set, _, key = (wanted.segment or "").partition("=")
    if wanted.segment is not None and (not segment_set or (not key and segment_set != TOTAL)):
        raise ConfigError(f"--segment: {wanted.segment!r} is not written like country=DE")
    for column, value in (
        ("segment_set", segment_set or None),
        ("segment_key", key or None),
        ("basis", wanted.basis),
        ("grain", wanted.grain),
    ):
        if value is not None:
            quoted = value.replace("'", "''")
            found.append(f"{column} = '{quoted}'")
    if wanted.cohort_age is not None:
        found.append(f"cohort_age = {wanted.cohort_age}")
    return found


def _print_cell(cell: dict[str, Any], grace_days: int, console: Console) -> None:
    who = "everybody" if cell["segment_set"] == TOTAL else f"{cell['segment_set']} = {cell['segment_key']}"
    cohort = (
        "" if cell["cohort_age"] is None else f", cohort {cell['cohort_start'] or 'all'} at age {cell['cohort_age']}"
    )
    console.print(
        Text(f"\n{cell['grain']} {cell['period_start']} to before {cell['period_end']}, {who}, {cell['basis']}{cohort}")
    )
    if cell["value"] is None:
        console.print(Text(f"  no value: {cell['status']}"))
        return
    parts = _number(cell["numerator"])
    if cell["denominator"] is not None:
        parts += f" / {_number(cell['denominator'])}"
    unit = cell["currency"] or cell["unit"]
    console.print(Text(f"  value        {cell['value']:.6g} {unit} = {parts}", style="bold"))
    if cell["ci_low"] is not None:
        console.print(Text(f"  95 %         {cell['ci_low']:.6g} to {cell['ci_high']:.6g} ({cell['ci_method']})"))
    if cell["assumptions"]:
        console.print(Text(f"  assumes      {cell['assumptions']}"))
    console.print(Text(f"  n            {cell['n']}"))
    through = f", delivered through {cell['data_through']}" if cell["data_through"] else ""
    grace = f", final after {grace_days} days of grace" if grace_days and cell["status"] == Status.PROVISIONAL else ""
    console.print(Text(f"  status       {cell['status']}, as of {cell['as_of']}{through}{grace}"))


def _print_rows(select: Select, cell: dict[str, Any], rows: Rows, console: Console) -> None:
    for label, sql, expected in (
        ("numerator", rows.numerator, cell["numerator"]),
        ("denominator", rows.denominator, cell["denominator"]),
    ):
        if sql is None:
            continue
        if not rows.is_by_customer:
            console.print("\nthe facts it was computed from:")
        else:
            _, found = select(f"select count(*), coalesce(sum(counts), 0) from ({sql})")
            count, total = found[0]
            agrees = "" if expected is None or total == expected else f", NOT {_number(expected)}"
            console.print(f"\nthe {count} customers behind the {label}, adding up to {_number(total)}{agrees}:")
        console.print(Text(sql, style="cyan"), soft_wrap=True)


def _number(value: Any) -> str:
    text = f"{value:,.4f}".rstrip("0").rstrip(".")
    return text or "0"
