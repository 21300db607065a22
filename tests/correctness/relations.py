"""Metamorphic relations: a change of the deliveries, and the exact effect it must have on every published table.

Belongs here: one function per change of the files, and the SQL of the effect on a column. Not here: running the
pipeline, comparing tables (``tables``).
"""

from __future__ import annotations

import copy
import datetime as dt
import re
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from tests.correctness.delivered import Delivered, Rows

DAY = dt.timedelta(days=1)
STANDARD_TIME = {"Pacific/Auckland": "Etc/GMT-12", "America/New_York": "Etc/GMT+5", "Europe/Berlin": "Etc/GMT-1"}
"""Zones without summer time: its rules have changed over the years, and with them the hours between two clock times."""
CYCLE_DAYS = -1461 * 7
"""28 years back: a whole number of weeks after which months, leap years and weekdays repeat, so no grain may move."""
FACTOR = 4
"""A power of two: floating-point numbers scale without rounding."""
KEYS = {
    "orders": "number", "customers": "customer", "feedback": "answer", "subscriptions": "contract",
    "tickets": "ticket", "churn_reasons": "customer", "fx_rates": "currency", "benchmarks": "metric",
    "control_totals": "what",
}  # fmt: skip
"""What makes two rows versions of the same thing; the later line is the later word, so their order is content."""
PEOPLE = ("orders", "customers", "feedback", "subscriptions", "tickets", "churn_reasons")
MONEY = {"orders": ("value", "refunded", "cost"), "subscriptions": ("monthly",), "spend": ("amount",)}
MOMENTS = {
    "orders": ("at", "changed", "paid_back"), "customers": ("changed",), "feedback": ("at", "changed", "asked"),
    "subscriptions": ("start", "end", "changed"), "tickets": ("opened", "answered", "closed", "promised", "changed"),
    "churn_reasons": ("at",), "spend": ("at",), "fx_rates": ("day",), "benchmarks": ("day",),
    "control_totals": ("start", "changed"),
}  # fmt: skip
MERGEABLE = ("orders", "feedback", "subscriptions", "tickets")
"""Sources whose rows mean the same whenever they arrive; what customers are is dated by its delivery."""
MONEY_METRICS = ("average_order_value",)


def cleaned(shop: Delivered) -> Delivered:
    """The shop without gaps in its deliveries and without what could be read in two ways.

    Left out are stale copies without a time of change, times after the day of delivery, and decimals that would make
    scaled money round differently; clocks have no summer time. The oracle tests cover all of these.
    """
    found = copy.deepcopy(shop)
    first = min(day for files in found.files.values() for day in files if day is not None)
    for source, files in found.files.items():
        if None not in files and source != "customers":
            days = (first + number * DAY for number in range((found.last - first).days + 1))
            found.files[source] = {day: files.get(day, []) for day in days}
    for zone_name, standard in STANDARD_TIME.items():
        found.config = found.config.replace(f'timezone = "{zone_name}"', f'timezone = "{standard}"')
    zone = _zone(found)
    changed, value = found.column("orders", "changed"), found.column("orders", "value")
    moments = [found.column("orders", name) for name in MOMENTS["orders"]]
    for day, rows in found.files["orders"].items():
        # A time after the delivery is an error in a daily file; a history file may hold it.
        known = [row for row in rows if row[changed] and day is not None and _latest(row, moments, zone) <= day]
        rows[:] = [[*row[:value], "0.01" if row[value] == "0.0001" else row[value], *row[value + 1 :]] for row in known]
    if "fx_rates" in found.files:
        rate = found.column("fx_rates", "rate")
        for rows in found.files["fx_rates"].values():
            for row in rows:
                row[rate] = f"{float(row[rate]):.2f}"
    return found


def shuffled(shop: Delivered, random: Random) -> Delivered:
    """Rows of every file in another order; versions of one thing keep theirs."""
    found = copy.deepcopy(shop)
    for source, files in found.files.items():
        key = found.column(source, KEYS[source]) if source in KEYS else None
        for rows in files.values():
            _shuffle(rows, key, random)
    return found


def _shuffle(rows: Rows, key: int | None, random: Random) -> None:
    places = list(range(len(rows)))
    random.shuffle(places)
    if key is None:
        rows[:] = [rows[place] for place in places]
        return
    by_key: dict[str, list[list[str]]] = {}
    for row in rows:
        by_key.setdefault(row[key], []).append(row)
    order = [rows[place][key] for place in places]
    rows[:] = [by_key[name].pop(0) for name in order]


def doubled(shop: Delivered, random: Random) -> Delivered:
    """Every row stands twice in its file, but bookings of spend: two equal payments are two payments."""
    found = copy.deepcopy(shop)
    for source, files in found.files.items():
        if source != "spend":
            for rows in files.values():
                rows[:] = [list(row) for row in rows for _ in range(2)]
    return found


def merged(shop: Delivered, random: Random) -> Delivered:
    """Daily files become one history file per source."""
    found = copy.deepcopy(shop)
    for source in MERGEABLE:
        if source in found.files:
            files = found.files[source]
            found.files[source] = {None: [row for day in sorted(files, key=str) for row in files[day]]}
            daily = f'path = "{source}/{{date}}.csv"'
            assert daily in found.config
            found.config = found.config.replace(daily, f'path = "{source}.csv"\ncomplete_through = {found.last}')
    return found


def renamed(shop: Delivered, random: Random) -> Delivered:
    """Other customer ids, which sort differently."""
    found = copy.deepcopy(shop)
    for source in PEOPLE:
        if source in found.files:
            column = found.column(source, "customer")
            for rows in found.files[source].values():
                for row in rows:
                    row[column] = new_name(row[column])
    return found


def new_name(name: str) -> str:
    """The new id of a customer."""
    return name and f"person-{int(name) * 7919 % 1000:03d}/{name}"


def scaled(shop: Delivered, random: Random) -> Delivered:
    """All money times ``FACTOR``, also where the configuration names amounts."""
    found = copy.deepcopy(shop)
    for source, columns in MONEY.items():
        for name in columns if source in found.files else ():
            column = found.column(source, name)
            for rows in found.files[source].values():
                for row in rows:
                    row[column] = _times(row[column])
    if "benchmarks" in found.files:
        for row in found.files["benchmarks"][None]:
            if row[found.column("benchmarks", "metric")] in MONEY_METRICS:
                value = found.column("benchmarks", "value")
                row[value] = _times(row[value])
    if "control_totals" in found.files:
        what, total = found.column("control_totals", "what"), found.column("control_totals", "total")
        for row in (row for rows in found.files["control_totals"].values() for row in rows):
            row[total] = row[total] if row[what] == "orders" else _times(row[total])
    found.config = re.sub(
        r"^minimum_amount = (.*)$", lambda match: f"minimum_amount = {_times(match[1])}", found.config, flags=re.M
    )
    found.config = re.sub(
        r"^monetary = \[(.*)\]$",
        lambda match: f"monetary = [{', '.join(_times(cut.strip()) for cut in match[1].split(','))}]",
        found.config, flags=re.M,
    )  # fmt: skip
    return found


def _times(text: str) -> str:
    return text and str(Decimal(text) * FACTOR)


def shifted(shop: Delivered, random: Random) -> Delivered:
    """Everything ``CYCLE_DAYS`` later by the shop's own clocks."""
    found = copy.deepcopy(shop)
    zone = _zone(found)
    move = CYCLE_DAYS * DAY
    for source, names in MOMENTS.items():
        if source not in found.files:
            continue
        columns = [found.column(source, name) for name in names]
        moved = {day and day + move: rows for day, rows in found.files[source].items()}
        found.files[source] = moved
        for rows in moved.values():
            for row in rows:
                for column in columns:
                    row[column] = _moved(row[column], zone, move)
    found.config = re.sub(r"\d{4}-\d\d-\d\d", lambda match: str(dt.date.fromisoformat(match[0]) + move), found.config)
    found.last += move
    return found


def _moved(text: str, zone: ZoneInfo, move: dt.timedelta) -> str:
    if not text:
        return text
    if len(text) == len("2024-01-01"):
        return str(dt.date.fromisoformat(text) + move)
    local = _local(text, zone).replace(tzinfo=None) + move
    return local.replace(tzinfo=zone).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _local(text: str, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(zone)


def _latest(row: list[str], moments: list[int], zone: ZoneInfo) -> dt.date:
    return max(_local(row[column], zone).date() for column in moments if row[column])


def _zone(shop: Delivered) -> ZoneInfo:
    match = re.search(r'^timezone = "(.*)"$', shop.config, flags=re.M)
    assert match
    return ZoneInfo(match[1])
