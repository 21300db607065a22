"""Where the persons who are to be erased occur in the delivery store.

Belongs here: from ids to hashes, and the rows that are theirs. Not here: removing them (``rewrite``), other files
(``traces``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retention_pipeline.core.erased import Erased, Kind, erasure_key, mention_tag, tag
from retention_pipeline.core.store_tables import STORE_TABLES
from retention_pipeline.core.tables import Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OF_CUSTOMERS = tuple(table for table in STORE_TABLES if "customer_id" in table.column_names)
"""Tables of the store whose rows name a customer."""
QUARANTINE = "raw.quarantine"
_NEWEST = "updated_at DESC NULLS LAST, known_date DESC, delivery_id DESC, line DESC"


@dataclass(frozen=True)
class Person:
    """Somebody who is to be erased.

    Attributes:
        shown: The id as it was given, for messages only; never written down.
        customer_hash: The keyed hash that stands for the id in every table.
        names: Texts that name the person beside the id: an e-mail address, a name.
    """

    shown: str
    customer_hash: str
    names: tuple[str, ...] = ()


@dataclass
class Found:
    """What the store holds of some persons.

    Attributes:
        rows: Rows by table.
        orders: Numbers of their orders.
        marks: Numbers of all their records, by which a log could name them.
    """

    rows: dict[str, int] = field(default_factory=dict)
    orders: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


def tags_of(id_key: bytes, persons: Sequence[Person], orders: Sequence[str] = ()) -> dict[str, list[str]]:
    """What is remembered of persons: nothing but tags, in an order that says nothing."""
    key = erasure_key(id_key)
    named = [mention_tag(key, text) for each in persons for text in (each.shown, *each.names)]
    return {
        "people": sorted({tag(key, Kind.PERSON, each.customer_hash) for each in persons}),
        "orders": sorted({tag(key, Kind.ORDER, order) for order in orders}),
        "mentions": sorted({each for each in named if each is not None}),
    }


def mark_rows(connection: DuckDBPyConnection, erased: Erased, source: str = "raw") -> Found:
    """Fill the temporary table ``gone`` (table_name, delivery_id, line) with the rows of erased persons.

    A row is a person's when it names the customer; when the newest version of the same record does (an order that was
    somebody else's before a merge); when it is an answer of nobody in particular about one of the customer's orders;
    when it was set aside and names the customer or one of the texts.

    Args:
        connection: Where the temporary tables are made.
        erased: The persons.
        source: The schema of the store's tables, qualified where it is attached.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE gone (table_name VARCHAR, delivery_id VARCHAR, line BIGINT);"
        "CREATE OR REPLACE TEMP TABLE gone_people (customer_id VARCHAR);"
        "CREATE OR REPLACE TEMP TABLE gone_orders (order_id VARCHAR)"
    )
    for table in OF_CUSTOMERS:
        _keep(connection, f"SELECT DISTINCT customer_id FROM {source}.{table.name}", "gone_people", erased.is_person)
    for table in OF_CUSTOMERS:
        _mark(connection, f"{source}.{table.name}", table)
        if table.name == "orders":
            _keep_orders(connection, source, erased)
    _mark_quarantine(connection, f"{source}.quarantine", erased)
    connection.execute("CREATE OR REPLACE TEMP TABLE gone AS SELECT DISTINCT * FROM gone")
    rows = connection.execute("SELECT table_name, count(*) FROM gone GROUP BY 1 ORDER BY 1").fetchall()
    orders = connection.execute("SELECT DISTINCT order_id FROM gone_orders ORDER BY 1").fetchall()
    return Found(dict(rows), tuple(order for (order,) in orders), _marks(connection, source))


def _keep(connection: DuckDBPyConnection, values: str, into: str, is_theirs: Callable[[str], bool]) -> None:
    found = [value for (value,) in connection.execute(values).fetchall() if value is not None and is_theirs(value)]
    connection.execute(f"INSERT INTO {into} SELECT unnest(?::VARCHAR[]) EXCEPT SELECT * FROM {into}", [found])


def _mark(connection: DuckDBPyConnection, place: str, table: Table) -> None:
    named = "customer_id IN (FROM gone_people)"
    key = f"{table.name.removesuffix('s')}_id"
    conditions = [named]
    if "updated_at" in table.column_names and key in table.column_names and key != "customer_id":
        newest = f"SELECT {key} FROM {place} QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {_NEWEST}) = 1"
        conditions.append(f"{key} IN ({newest} AND {named})")
    if table.name != "orders" and "order_id" in table.column_names:
        conditions.append("customer_id IS NULL AND order_id IN (FROM gone_orders)")
    connection.execute(
        f"INSERT INTO gone SELECT '{table.qualified}', delivery_id, line FROM {place} WHERE {' OR '.join(conditions)}"
    )


def _keep_orders(connection: DuckDBPyConnection, source: str, erased: Erased) -> None:
    """The orders that go, and those of an earlier attempt: their rows may be gone already."""
    connection.execute(
        f"INSERT INTO gone_orders SELECT DISTINCT order_id FROM {source}.orders AS o JOIN gone AS g"
        " ON g.table_name = 'raw.orders' AND o.delivery_id = g.delivery_id AND o.line = g.line"
    )
    about = f"SELECT DISTINCT order_id FROM {source}.feedback WHERE customer_id IS NULL"
    if erased.orders:
        _keep(connection, about, "gone_orders", erased.is_order)


def _mark_quarantine(connection: DuckDBPyConnection, place: str, erased: Erased) -> None:
    rows = connection.execute(f"SELECT delivery_id, line, record FROM {place}").fetchall()
    theirs = [(delivery, line) for delivery, line, record in rows if _names(record, erased)]
    if theirs:
        deliveries, lines = (list(column) for column in zip(*theirs, strict=True))
        connection.execute(
            f"INSERT INTO gone SELECT '{QUARANTINE}', unnest($1::VARCHAR[]), unnest($2::BIGINT[])", [deliveries, lines]
        )


def _names(record: str, erased: Erased) -> bool:
    """Whether a record that was set aside is of an erased customer, or names one."""
    content = json.loads(record)
    customer = content.pop("customer_id", None)
    if isinstance(customer, str) and erased.is_person(customer):
        return True
    if content.get("order_id") is not None and customer is None and erased.is_order(str(content["order_id"])):
        return True
    return bool(erased.mentions) and any(erased.is_named_in(text) for text in content.values() if isinstance(text, str))


def _marks(connection: DuckDBPyConnection, source: str) -> tuple[str, ...]:
    """Hashes of the customers and numbers of their records."""
    parts = ["SELECT customer_id AS mark FROM gone_people"]
    for table in OF_CUSTOMERS:
        key = f"{table.name.removesuffix('s')}_id"
        if key in table.column_names:
            parts.append(
                f"SELECT r.{key} FROM {source}.{table.name} AS r JOIN gone AS g"
                f" ON g.table_name = '{table.qualified}' AND r.delivery_id = g.delivery_id AND r.line = g.line"
            )
    rows = connection.execute(" UNION ".join(parts)).fetchall()
    return tuple(sorted(str(mark) for (mark,) in rows if mark is not None))
