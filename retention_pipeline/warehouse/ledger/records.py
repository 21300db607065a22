"""What a source's records say, in the columns in which two states of it are compared.

Every source becomes rows of one shape: which record, of whom, brought by which delivery, what it says (in parts, so
that a refund can be told from a correction), and on which days it has an effect.
Belongs here: one description per source, following the staging models. Not here: the comparison (``changes``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from retention_pipeline.config import Settings
from retention_pipeline.warehouse.sql import literal

_LATEST = "updated_at desc nulls last, known_date desc, ranked_as desc, line desc"
_NONE = "cast(null as varchar)"
_NEVER = "cast(null as date)"
_ALWAYS = ("date '0001-01-01'", "date '9999-12-31'")


@dataclass(frozen=True)
class Records:
    """How to read the records of one source; texts are SQL over the columns of its raw table and ``ranked_as``.

    A repair ranks as the delivery it repairs.

    Attributes:
        key: Expressions that identify a record.
        dated: The day it belongs to; a new record of a day that had not been delivered yet restates nothing.
        latest: Which version of a record counts: the first in this order.
        spans: Days of effect as pairs of first and last day; a NULL first day drops the span.
        customer: The customer it is about.
        content: What it says.
        status: Its status, where a change of status has a meaning of its own.
        refund: Its refunded part, likewise.
        later: The day of something that is added to it later, such as the end of a subscription.
        later_content: What is added.
        clock: What it says only as time passes; ``{as_of}`` stands for the date of the state, ``{through}`` for the
            last day up to which the source had been delivered then.
        adds_up: Whether all rows of the latest delivery of a key and of its repairs count together.
        peers: Records of equal peers can displace each other.
        standing: Whether it counts among its peers; ``{as_of}`` as above.
        behind: The delivery that gave it its standing.
    """

    key: tuple[str, ...]
    dated: str
    spans: tuple[tuple[str, str], ...]
    content: tuple[str, ...]
    latest: str = _LATEST
    customer: str = _NONE
    status: str = _NONE
    refund: tuple[str, ...] = ()
    later: str = _NEVER
    later_content: tuple[str, ...] = ()
    clock: tuple[str, ...] = ()
    adds_up: bool = False
    peers: str | None = None
    standing: str = _NONE
    behind: str = "delivery_id"

    @property
    def is_about_customers(self) -> bool:
        """Whether its records name a customer."""
        return self.customer != _NONE


def records_of(settings: Settings) -> Mapping[str, Records]:
    """The sources whose records metric values are made from, by name.

    The source customers is not among them: it is compared by history, as an attribute stays true of its time.
    """
    zone, window = literal(settings.shop.timezone), settings.shop.activity_window_days

    def day(instant: str) -> str:
        return f"cast(timezone({zone}, timezone('UTC', {instant})) as date)"

    return {
        "orders": _orders(day, window),
        "feedback": _feedback(day),
        "subscriptions": Records(
            key=("subscription_id",),
            dated=day("started_at"),
            customer="customer_id",
            content=("started_at", "monthly_amount", "currency"),
            later=day("ended_at"),
            later_content=("ended_at",),
            spans=((day("started_at"), f"coalesce({day('ended_at')}, {_ALWAYS[1]})"),),
        ),
        "tickets": _tickets(day, settings.shop.sla_hours),
        "churn_reasons": Records(
            key=("customer_id", day("given_at")),
            dated=day("given_at"),
            customer="customer_id",
            content=("reason",),
            latest="given_at desc, known_date desc, ranked_as desc, line desc",
            spans=((day("given_at"), day("given_at")),),
        ),
        "spend": _spend(day("spent_at")),
        "fx_rates": _rates(day("quoted_at"), settings.shop.fx_reference_date),
    }


def _spend(day: str) -> Records:
    return Records(
        key=(day, "kind", "coalesce(nullif(trim(channel), ''), '(unknown)')"),
        dated=day,
        content=("amount", "currency"),
        latest="known_date desc, ranked_as desc",
        spans=((day, day),),
        adds_up=True,
    )


def _rates(day: str, reference: dt.date | None) -> Records:
    # money at constant rates uses the last rate up to the reference date: until then every new rate moves it
    until = (
        "" if reference is None else f"case when {day} <= date {literal(reference)} then {_ALWAYS[0]} else {day} end"
    )
    return Records(
        key=("currency", day),
        dated=until or day,
        content=("rate",),
        latest="known_date desc, ranked_as desc, line desc",
        spans=(_ALWAYS,),
    )


def _orders(day: Callable[[str], str], window: int) -> Records:
    refunded = "coalesce(refunded_at, updated_at, ordered_at)"
    return Records(
        key=("order_id",),
        dated=day("ordered_at"),
        customer="customer_id",
        content=("ordered_at", "currency", "amount", "cost_amount", "discount_amount"),
        status="status",
        refund=("refund_amount", f"case when refund_amount <> 0 then {refunded} end"),
        spans=(
            (day("ordered_at"), f"{day('ordered_at')} + {window + 1}"),
            (f"case when refund_amount <> 0 then {day(refunded)} end", day(refunded)),
        ),
    )


def _feedback(day: Callable[[str], str]) -> Records:
    sent, submitted = day("sent_at"), day("submitted_at")
    wave = f"coalesce(nullif(trim(wave), ''), substr(cast({submitted} as varchar), 1, 7))"
    among = (
        f"partition by customer_id, measure, scale_min, scale_max, {wave}, score is null, {submitted} <= {{as_of}}"
        " order by submitted_at desc, updated_at desc nulls last, known_date desc, feedback_id desc"
    )
    return Records(
        key=("feedback_id",),
        dated=f"least({sent}, {submitted})",
        customer="customer_id",
        content=("measure", "scale_min", "scale_max", "wave", "sent_at"),
        later=submitted,
        later_content=("score", "submitted_at"),
        spans=((sent, sent), (submitted, submitted)),
        peers="customer_id",
        standing=f"case when score is not null and customer_id is not null then row_number() over ({among}) = 1 end",
        behind=f"case when customer_id is null then delivery_id else first_value(delivery_id) over ({among}) end",
    )


def _tickets(day: Callable[[str], str], sla_hours: float | None) -> Records:
    promised = "cast(null as timestamp)" if sla_hours is None else f"opened_at + interval '{round(sla_hours * 3600)} s'"
    return Records(
        key=("ticket_id",),
        dated=day("opened_at"),
        customer="customer_id",
        content=("opened_at", "first_response_at", "due_at", "kind"),
        spans=((day("opened_at"), day("opened_at")),),
        clock=(
            f"{day('first_response_at')} <= {{as_of}}",
            f"{day(f'coalesce(due_at, {promised})')} <= {{through}}",
        ),
    )
