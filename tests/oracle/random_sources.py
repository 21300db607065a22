"""The optional sources of a random shop, each there or not by its seed.

Belongs here: invitations aside, every source but orders, customers and answers, with what is subtle about each.
Not here: those three (``random_shop``), writing files.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.oracle.random_shop import RandomShop

DAY = dt.timedelta(days=1)
CURRENCIES = ("USD", "GBP")
CHANNELS = ("ads", "friends", "", "fairs")
REASONS = ("price", " Too Expensive ", "moved", "service", "I left because the parcel was late, twice!", "no-need/2")
BENCHMARKS = (
    ("customer_retention_rate", "set_based", "all", "all", "0.61", "Institute"),
    ("customer_retention_rate", "set_based", "tier", "gold", "0.75", "Institute"),
    ("average_order_value", "net", "", "", "41.5", "Association"),
    ("net_promoter_score", "", "", "", "0.3", "Institute"),
)
HEADERS = {
    "subscriptions": ("contract", "customer", "start", "end", "monthly", "currency", "changed"),
    "tickets": ("ticket", "customer", "opened", "answered", "closed", "promised", "topic", "changed"),
    "churn_reasons": ("customer", "at", "reason"),
    "spend": ("at", "purpose", "channel", "amount", "currency"),
    "fx_rates": ("currency", "day", "rate"),
    "benchmarks": ("metric", "variant", "segment_set", "segment_key", "value", "source", "day"),
    "control_totals": ("start", "length", "what", "total", "currency", "changed"),
}
TOML = {
    "subscriptions": """
[sources.subscriptions]
path = "subscriptions/{date}.csv"

[sources.subscriptions.columns]
subscription_id = "contract"
customer_id = "customer"
started_at = "start"
ended_at = "end"
monthly_amount = "monthly"
currency = "currency"
updated_at = "changed"
""",
    "tickets": """
[sources.tickets]
path = "tickets/{date}.csv"
kinds = { broken = "complaint" }

[sources.tickets.columns]
ticket_id = "ticket"
customer_id = "customer"
opened_at = "opened"
first_response_at = "answered"
resolved_at = "closed"
due_at = "promised"
kind = "topic"
updated_at = "changed"
""",
    "churn_reasons": """
[sources.churn_reasons]
path = "churn_reasons/{date}.csv"
cadence = "irregular"

[sources.churn_reasons.columns]
customer_id = "customer"
given_at = "at"
reason = "reason"
""",
    "spend": """
[sources.spend]
path = "spend/{date}.csv"
cadence = "irregular"
kinds = { winning = "acquisition" }

[sources.spend.columns]
spent_at = "at"
kind = "purpose"
channel = "channel"
amount = "amount"
currency = "currency"
""",
    "fx_rates": """
[sources.fx_rates]
path = "fx_rates/{date}.csv"

[sources.fx_rates.columns]
currency = "currency"
quoted_at = "day"
rate = "rate"
""",
    "benchmarks": """
[sources.benchmarks]
path = "benchmarks.csv"

[sources.benchmarks.columns]
metric = "metric"
variant = "variant"
segment_set = "segment_set"
segment_key = "segment_key"
value = "value"
source = "source"
quoted_at = "day"
""",
    "control_totals": """
[sources.control_totals]
path = "control_totals/{date}.csv"
cadence = "irregular"
measures = { turnover = "revenue_gross" }

[sources.control_totals.columns]
period_start = "start"
grain = "length"
measure = "what"
value = "total"
currency = "currency"
updated_at = "changed"
""",
}


def stamp(at: dt.datetime | None) -> str:
    """An instant in UTC, as text; blank for none."""
    return "" if at is None else at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def subscriptions(shop: RandomShop) -> None:
    """Contracts with changes of plan on the same day, pauses, open ends and ends that lie ahead."""
    rows, number = shop.daily("subscriptions"), shop.random.randrange
    for contract in range(shop.people * 2):
        at, person = shop.moment(), shop.random.choice(shop.names[: shop.people // 2])
        lasts = shop.random.choice((0, 1, 20, 45, 90, None))
        end = None if lasts is None else at + lasts * DAY
        cells = (f"s{contract}", person, stamp(at))
        money = (f"{number(0, 4000) / 100:.2f}", shop.currency())
        if end is not None and number(3) == 0:
            shop.deliver(rows, at.date(), (*cells, "", *money, stamp(at)))
            shop.deliver(rows, at.date() + number(1, 30) * DAY, (*cells, stamp(end), *money, stamp(at + DAY)))
        else:
            shop.deliver(rows, at.date(), (*cells, stamp(end), *money, stamp(at)))
        if end is not None and number(2) == 0 and end.date() <= shop.last:
            again = (f"s{contract}b", person, stamp(end), "", f"{number(0, 4000) / 100:.2f}", money[1], stamp(end))
            shop.deliver(rows, end.date(), again)


def tickets(shop: RandomShop) -> None:
    """Tickets of customers and strangers; answers that come late, after the day that is looked at, or never."""
    rows, number = shop.daily("tickets"), shop.random.randrange
    for ticket in range(shop.people * 4):
        at = shop.moment()
        person = "" if number(5) == 0 else shop.random.choice(shop.names)
        answered = None if number(4) == 0 else at + dt.timedelta(seconds=number(200_000))
        promised = at + dt.timedelta(hours=shop.random.choice((1, 24, 90))) if number(3) == 0 else None
        topic = shop.random.choice(("broken", "complaint", "question", "praise", ""))
        cells = (f"t{ticket}", person, stamp(at))
        if answered is not None and number(3) == 0:
            shop.deliver(rows, at.date(), (*cells, "", "", stamp(promised), topic, ""))
            held = (*cells, stamp(answered), stamp(answered), stamp(promised), topic, stamp(answered))
            shop.deliver(rows, answered.date(), held)
        elif answered is None or answered.date() <= shop.last:
            day = at.date() if answered is None else answered.date()
            shop.deliver(rows, day, (*cells, stamp(answered), "", stamp(promised), topic, ""))


def churn_reasons(shop: RandomShop) -> None:
    """Codes, some of them spelt carelessly, and now and then a story."""
    rows = shop.daily("churn_reasons")
    for _ in range(shop.people * 2):
        at = shop.moment()
        row = (shop.random.choice(shop.names), stamp(at), shop.random.choice(REASONS))
        shop.deliver(rows, at.date() + shop.random.choice((0, 0, 4)) * DAY, row)


def spend(shop: RandomShop) -> None:
    """Bookings before the first order, several a day, and deliveries that correct what earlier ones said."""
    rows, number = shop.daily("spend"), shop.random.randrange
    kinds = ("winning", "acquisition", "retention")
    for delivered in rows:
        if number(6):
            continue
        for _ in range(number(1, 6)):
            day = delivered - shop.random.choice((0, 1, 2, 2, 30)) * DAY
            channel = shop.random.choice(CHANNELS)
            money = (f"{number(0, 90_000) / 100:.2f}", shop.currency())
            rows[delivered].append((day.isoformat(), shop.random.choice(kinds), channel, *money))


def fx_rates(shop: RandomShop) -> None:
    """Rates with gaps, corrected days and, for one currency, a late start."""
    rows, number = shop.daily("fx_rates"), shop.random.randrange
    for delivered in rows:
        for index, currency in enumerate(CURRENCIES):
            is_quoted = number(3) > 0 and (index == 0 or (delivered - shop.start).days > 20)
            if is_quoted and not 50 < (delivered - shop.start).days < 60:
                day = delivered - shop.random.choice((0, 0, 0, 1)) * DAY
                rate = f"{number(50_000_000, 150_000_000) / 1e8:.8f}"
                rows[delivered].append((currency, day.isoformat(), rate))


def benchmarks(shop: RandomShop) -> None:
    """What others report; one of them twice."""
    rows: list[tuple[str, ...]] = [
        (*cells, (shop.start + number * DAY).isoformat()) for number, cells in enumerate(BENCHMARKS)
    ]
    rows.append((*BENCHMARKS[0][:4], "0.64", "Institute", (shop.start + 20 * DAY).isoformat()))
    shop.single["benchmarks"] = rows


def control_totals(shop: RandomShop) -> None:
    """The books now and then: sums of last states by UTC days, guests and tests in them; slips and nonsense."""
    rows, number = shop.daily("control_totals"), shop.random.randrange
    last = {row[0]: row for day in shop.files["orders"] for row in shop.files["orders"][day]}
    kept = [row for row in last.values() if row[4] != "cancelled"]
    for delivered in rows:
        if number(7):
            continue
        for length, cut in (("month", 7), ("day", 10)):
            day = delivered - number(1, 20) * DAY
            start = day.replace(day=1) if length == "month" else day
            held = [row for row in kept if row[2][:cut] == start.isoformat()[:cut]]
            gross, refunds = (sum(Decimal(row[place]) for row in held) for place in (5, 6))
            slip = shop.random.choice((0, 0, 0, 0, 7))
            for what, total in (("orders", Decimal(len(held))), ("turnover", gross + slip), ("refunds", refunds),
                                ("revenue_net", gross - refunds)):  # fmt: skip
                changed = shop.random.choice(("", "", f"{delivered - DAY}T10:00:00Z"))
                cells = (start.isoformat(), shop.random.choice((length, length.upper())), what, f"{total}")
                rows[delivered].append((*cells, shop.random.choice(("", "EUR")), changed))
        rows[delivered].append((f"{delivered - 8 * DAY}", "week", "orders", f"{number(9)}", "", ""))
        rows[delivered].append((f"{delivered}", shop.random.choice(("year", "fortnight")), "orders", "1", "", ""))
        rows[delivered].append((f"{delivered}", "day", *shop.random.choice((
            ("orders", "1.5", "", ""), ("refunds", "-1", "", ""), ("visits", "1", "", ""), ("orders", "1", "USD", ""),
        ))))  # fmt: skip


MAKERS = {
    "fx_rates": fx_rates, "subscriptions": subscriptions, "tickets": tickets, "churn_reasons": churn_reasons,
    "spend": spend, "benchmarks": benchmarks, "control_totals": control_totals,
}  # fmt: skip
