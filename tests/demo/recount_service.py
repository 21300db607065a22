"""The second count of the sources beside orders, customers and feedback; shares nothing with the simulation."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from tests.demo.reading import Row, business_date, instant, number_of, read, stamp_fault

KINDS = {"damaged": "complaint", "not_delivered": "complaint", "how_to": "question", "praise": "other"}
PURPOSES = {"ads": "acquisition", "crm": "retention"}
CODE = re.compile(r"[a-z0-9][a-z0-9 _./-]{0,39}")
DAY = dt.timedelta(days=1)


@dataclass
class Rates:
    """Rates by currency and date."""

    quoted: dict[str, dict[dt.date, Decimal]] = field(default_factory=lambda: defaultdict(dict))

    def converted(self, amount: str, currency: str, date: dt.date) -> Decimal | None:
        if currency == "EUR":
            return Decimal(amount)
        known = [day for day in self.quoted.get(currency, {}) if date - 7 * DAY <= day <= date]
        if not known:
            return None
        return (Decimal(amount) * self.quoted[currency][max(known)]).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def read_rates(folder: Path, records: Counter[str], broken: dict[str, Counter[str]], suppressed: Counter[str]) -> Rates:
    rates = Rates()
    for _, row in read(folder, "fx_rates", _rate_fault, records, broken, suppressed):
        rates.quoted[row["currency"]][dt.date.fromisoformat(row["date"])] = Decimal(row["rate"])
    return rates


def _rate_fault(row: Row, _: dt.date | None) -> str:
    if not re.fullmatch("[A-Z]{3}", row["currency"]):
        return "currency"
    return "" if Decimal(row["rate"]) > 0 else "not_positive"


def _contract_fault(row: Row, file_date: dt.date | None) -> str:
    if row["monthly"] == "":
        return "no_amount"
    if row["ends_at"] and instant(row["ends_at"]) < instant(row["started_at"]):
        return "order_in_time"
    return stamp_fault(row["started_at"], file_date)


def _ticket_fault(row: Row, file_date: dt.date | None) -> str:
    if not row["ticket_no"]:
        return "no_id"
    if any(row[name] and instant(row[name]) < instant(row["opened_at"]) for name in ("answered_at", "solved_at")):
        return "order_in_time"
    return stamp_fault(row["opened_at"], file_date)


def _reason_fault(row: Row, _: dt.date | None) -> str:
    return "" if CODE.fullmatch(row["reason"].strip().lower()) else "not_a_code"


def _spending_fault(row: Row, _: dt.date | None) -> str:
    if row["purpose"] not in PURPOSES:
        return "kind"
    return "not_a_number" if number_of(row["amount"]) is None else ""


def _benchmark_fault(row: Row, _: dt.date | None) -> str:
    return "not_a_number" if number_of(row["value"]) is None else ""


def _total_fault(row: Row, _: dt.date | None) -> str:
    if not row["month"].endswith("-01"):
        return "not_a_period"
    return "" if row["what"] in {"orders", "sales", "refunds", "net_sales"} else "kind"


@dataclass
class ServiceRecount:
    """What the files hold."""

    contracts: dict[str, Row] = field(default_factory=dict)
    tickets: dict[str, Row] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    spend: dict[str, dict[str, Decimal]] = field(default_factory=lambda: {"acquisition": {}, "retention": {}})
    benchmarks: int = 0
    totals: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """The last word of the books by first day and measure."""

    def members_at(self, boundary: dt.date, rates: Rates) -> tuple[int, Decimal]:
        """Customers whose contract runs at the midnight that begins a date, and what they pay a month."""
        members, recurring = set(), Decimal(0)
        for row in self.contracts.values():
            start, end = business_date(row["started_at"]), row["ends_at"]
            if start < boundary and (not end or business_date(end) >= boundary):
                members.add(row["customer_no"])
                recurring += rates.converted(row["monthly"], row["currency"], start) or 0
        return len(members), recurring

    def support(self, last: dt.date) -> dict[str, int]:
        """The tickets as ``truth.tickets`` counts them, at the end of the last day."""
        counts = dict.fromkeys(("complaint", "question", "other", "with_customer", "answered"), 0)
        counts |= {"sla_decided": 0, "sla_met": 0}
        over = instant((last + DAY).isoformat() + "T00:00:00")
        for row in self.tickets.values():
            due = instant(row["opened_at"]) + dt.timedelta(hours=24)
            is_met = row["answered_at"] != "" and instant(row["answered_at"]) <= due
            counts[KINDS[row["topic"]]] += 1
            counts["with_customer"] += row["customer_no"] != ""
            counts["answered"] += row["answered_at"] != ""
            counts["sla_met"] += is_met
            counts["sla_decided"] += row["answered_at"] != "" or due < over
        return counts


def recount_service(
    folder: Path, records: Counter[str], broken: dict[str, Counter[str]], suppressed: Counter[str]
) -> ServiceRecount:
    count = ServiceRecount()
    for _, row in read(folder, "subscriptions", _contract_fault, records, broken, suppressed):
        count.contracts[row["contract_no"]] = row
    for _, row in read(folder, "tickets", _ticket_fault, records, broken, suppressed):
        count.tickets[row["ticket_no"]] = row
    for _, row in read(folder, "churn_reasons", _reason_fault, records, broken, suppressed):
        count.reasons[row["reason"].strip().lower()] += 1
    for _, row in read(folder, "spend", _spending_fault, records, broken, suppressed):
        channels = count.spend[PURPOSES[row["purpose"]]]
        channels[row["channel"]] = channels.get(row["channel"], Decimal(0)) + Decimal(row["amount"])
    for _, row in read(folder, "control_totals", _total_fault, records, broken, suppressed):
        count.totals[row["month"], row["what"]] = Decimal(row["total"])
    count.benchmarks = len(read(folder, "benchmarks", _benchmark_fault, records, broken, suppressed))
    return count
