"""What ``run`` and ``status`` print: the last final periods, freshness, where the files are.

Belongs here: reading the published version for people. Not here: any number that is not published.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.console import Console

from retention_pipeline.alerts import alive, clock, register
from retention_pipeline.cli.alert_commands import print_open
from retention_pipeline.cli.tables import money, own_name, percent, points, print_table, print_title, short
from retention_pipeline.config import Settings
from retention_pipeline.core.status import Status
from retention_pipeline.warehouse.history import build_in_words
from retention_pipeline.warehouse.lock import lock_holder
from retention_pipeline.warehouse.read import current_version, open_published, published_manifest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PERIODS_SHOWN = 3
SUGGESTED = (
    "select period_start, customer_retention_rate__set_based as retention from customer_retention "
    "where basis = 'purchase_window' and grain = 'month' and segment_set = 'all'"
)
_PREFERRED_GRAINS = ("month", "quarter", "week", "year", "day")

HEADLINES: tuple[tuple[str, str, str, str, Callable[[float], str]], ...] = (
    ("retained, %", "customer_retention_rate", "set_based", "purchase_window", percent),
    ("subscribers retained, %", "customer_retention_rate", "set_based", "subscription", percent),
    ("churned, %", "customer_churn_rate", "base_leavers", "purchase_window", percent),
    ("bought twice, %", "repeat_customer_rate", "in_period", "calendar", percent),
    ("bought before, %", "repeat_customer_rate", "returning", "calendar", percent),
    ("revenue kept, %", "revenue_retention", "net", "calendar", percent),
    ("order value, {currency}", "average_order_value", "gross", "calendar", money),
    ("new customer's cost, {currency}", "customer_acquisition_cost", "standard", "purchase_window", money),
    ("NPS, -100 to 100", "net_promoter_score", "standard", "scale_0_10", points),
    ("satisfied, %", "customer_satisfaction", "top_box", "scale_1_5", percent),
    ("answered as promised, %", "sla_met_rate", "standard", "calendar", percent),
)
"""Row label with its unit, metric, variant, basis, format."""


def show_summary(settings: Settings, console: Console, *, unchanged: bool) -> None:
    """Print headline metrics with intervals and status, intake totals, and what to try next."""
    version = current_version(settings.home)  # all of it from this one
    with open_published(settings.home_dir, version) as published:
        _print_headlines(settings, published, console)
        _print_beside(settings, published, console)
        _print_freshness(settings, published, console)
    link = short(settings.home.current_link)
    console.print()
    word = "unchanged" if unchanged else "published"
    console.print(f"{word}  {version}  {link}", highlight=False, markup=False, soft_wrap=True)
    if not unchanged:
        _print_build(published_manifest(settings.home, version).get("build"), console)
    command = f"{own_name()} --config {short(settings.config_path)}"
    console.print("next", style="bold")
    for line in (
        f"{command} report",
        f"{command} status",
        f'{command} query "{SUGGESTED}"',
        f'{command} query "select metric, variant, meaning from _metric_catalog"',
    ):
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)


def show_status(settings: Settings, console: Console) -> None:
    """Print what is published, how fresh it is, and whether a run holds the lock."""
    holder = lock_holder(settings.home)
    console.print(f"run        {holder or 'none under way'}", highlight=False, markup=False)
    _print_alerts(settings, console)
    manifest = published_manifest(settings.home)
    print_title(console, settings.shop.name, settings.home_dir)
    console.print(
        f"published  {manifest['version']}  as of {manifest['as_of']}  at {manifest['created_at']}", highlight=False
    )
    with open_published(settings.home_dir, manifest["version"]) as published:
        _print_freshness(settings, published, console)
        rows = published.execute("select stage, outcome, count(*) from _check_results group by all order by all")
        print_table(console, ("stage", "outcome", "checks"), rows.fetchall(), title="\nchecks passed by this version")
        rows = published.execute("select version, as_of, published_at from _versions order by version desc limit 5")
        print_table(console, ("version", "as of", "published at"), rows.fetchall(), title="\nlatest versions")


def _print_build(build: dict[str, Any] | None, console: Console) -> None:
    """Whether the version was carried on from the one before, or why not."""
    if build is None:
        return
    said = build_in_words(build)
    if build["kind"] == "incremental":
        tables = ", ".join(f"{count} {state}" for state, count in sorted(build["tables"].items()))
        said = f"incremental on {build['base']}: {build['customers_touched']:,} customers touched; tables {tables}"
    console.print(f"build      {said}", highlight=False, soft_wrap=True)


def _print_alerts(settings: Settings, console: Console) -> None:
    """The sign of life and what was open at the last look; this command does not look itself."""
    success = alive.read(settings.home).last_success
    if success is not None:
        hours = (clock.instant() - alive.moment(success.finished_at)).total_seconds() / 3600
        console.print(f"alive      last success {hours:.1f} hours ago ({success.outcome})", highlight=False)
    print_open(register.load(settings.home).open, console)


def _print_headlines(settings: Settings, published: DuckDBPyConnection, console: Console) -> None:
    grain = next(grain for grain in _PREFERRED_GRAINS if grain in settings.shop.grains)
    periods = published.execute(
        "select period_start, label, is_final from dim_period where grain = ? order by is_final desc, "
        "period_start desc limit ?",
        [grain, PERIODS_SHOWN],
    ).fetchall()
    if not periods:
        console.print("no valid order yet, so there is no period to show")
        return
    periods.sort()
    rows = []
    for label, metric, variant, basis, form in HEADLINES:
        found = _values(published, grain, metric, variant, basis)
        shown = [found[start] for start, _, _ in periods if start in found]
        if any(status != Status.SOURCE_ABSENT for *_, status in shown):
            cells = [_cell(found.get(start), form) for start, _, _ in periods]
            rows.append([label.format(currency=settings.shop.currency), *cells])
    which = f"last final {grain}s" + ("" if all(is_final for *_, is_final in periods) else " and the newest")
    title = f"\n{which}, 95 % interval in brackets"
    print_table(console, ("", *(name for _, name, _ in periods)), rows, title=title)


def _print_beside(settings: Settings, published: DuckDBPyConnection, console: Console) -> None:
    """Customers at risk and the verdicts on the claims, a line each, where there are any."""
    customers, stake = published.execute(
        "select count(*), coalesce(sum(value_at_stake), 0)::bigint from customer_scores where is_at_risk"
    ).fetchall()[0]
    verdicts = published.execute(
        "select verdict, count(*) from claims where verdict <> 'not_computable' group by verdict order by 2 desc, 1"
    ).fetchall()
    if customers or verdicts:
        console.print()
    if customers >= settings.shop.min_cell_size:
        worth = f"{stake:,} {settings.shop.currency} of yearly revenue at stake"
        console.print(f"at risk    {customers:,} customers, {worth}", highlight=False)
    elif customers:
        console.print(f"at risk    fewer than {settings.shop.min_cell_size} customers", highlight=False)
    if verdicts:
        said = ", ".join(f"{count} {verdict}" for verdict, count in verdicts)
        console.print(f"claims     {said}", highlight=False)


def _values(
    published: DuckDBPyConnection, grain: str, metric: str, variant: str, basis: str
) -> dict[object, tuple[float | None, float | None, float | None, str]]:
    rows = published.execute(
        "select period_start, value, ci_low, ci_high, status from metric_values where grain = ? and metric = ? "
        "and variant = ? and basis = ? and segment_set = 'all'",
        [grain, metric, variant, basis],
    ).fetchall()
    return {start: (value, low, high, status) for start, value, low, high, status in rows}


def _cell(
    found: tuple[float | None, float | None, float | None, str] | None,
    form: Callable[[float], str],
) -> str:
    if found is None:
        return "-"
    value, low, high, status = found
    if value is None:
        return status
    interval = "" if low is None or high is None else f" [{form(low)}, {form(high)}]"
    return form(value) + interval + ("" if status == "final" else f" {status}")


def _print_freshness(settings: Settings, published: DuckDBPyConnection, console: Console) -> None:
    rows = published.execute(
        "select source, data_through, deliveries, records, loaded, quarantined, suppressed, erased from _freshness"
        " order by 1"
    ).fetchall()
    columns = ("source", "data through", "deliveries", "records", "loaded", "quarantined", "duplicates", "erased")
    print_table(console, columns, rows, title="\ndeliveries behind this version")
    as_of = published.execute("select max(as_of) from _freshness").fetchall()[0][0]
    for name, source in settings.sources.configured().items():
        through = next((row[1] for row in rows if row[0] == name), None)
        is_daily = source.is_dated and not source.is_database and source.cadence == "daily"
        if is_daily and through is not None and through < as_of:
            missing = through + dt.timedelta(days=1)
            console.print(
                f"{name}: the file of {missing} is missing, so periods that hold a later day stay provisional"
                " (a file with nothing but its header says that nothing happened)",
                style="yellow", highlight=False, soft_wrap=True,
            )  # fmt: skip
