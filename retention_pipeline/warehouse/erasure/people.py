"""Where the persons who are to be erased occur in the delivery store.

Belongs here: from ids to hashes, and the rows that are theirs. Not here: removing them (``rewrite``), other files
(``traces``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
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
_OF_BEFORE = "erased before"
"""Whose an order is that only its tag is left of."""
_NEWEST = "updated_at DESC NULLS LAST, known_date DESC, coalesce(d.repairs, delivery_id) DESC, line DESC"


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
        whose: Rows by table of each of them, by keyed hash.
        orders: Numbers of their orders.
        marks: Numbers of all their records, by which a log could name them.
    """

    rows: dict[str, int] = field(default_factory=dict)
    whose: dict[str, dict[str, int]] = field(default_factory=dict)
    orders: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


def tags_of(id_key: bytes, persons: Sequence[Person], orders: Sequence[str] = ()) -> dict[str, list[str]]:
    """What is remembered of persons: nothing but tags, in an order that says nothing."""
    key = erasure_key(id_key)
    return {
        "people": sorted({tag(key, Kind.PERSON, each.customer_hash) for each in persons}),
        "orders": sorted({tag(key, Kind.ORDER, order) for order in orders}),
        "mentions": sorted({each for person in persons for each in mentions_of(id_key, person)}),
    }


def mentions_of(id_key: bytes, person: Person) -> set[str]:
    """The tags of the texts that name a person, of those that are telling."""
    key = erasure_key(id_key)
    return {each for text in (person.shown, *person.names) if (each := mention_tag(key, text)) is not None}


def mark_rows(
    connection: DuckDBPyConnection, erased: Erased, source: str = "raw", named: Mapping[str, str] | None = None
) -> Found:
    """Fill the temporary table ``gone`` (table_name, delivery_id, line) with the rows of erased persons.

    A row is a person's when it names the customer; when the newest version of the same record does (an order that was
    somebody else's before a merge); when it names nobody and is one of the customer's orders or an answer about one;
    when it was set aside and names the customer or one of the texts. One pass over each table, however many persons.

    Args:
        connection: Where the temporary tables are made.
        erased: The persons.
        source: The schema of the store's tables, qualified where it is attached.
        named: Whose the tags of texts are, where that is known: keyed hash by tag.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE gone_owned (table_name VARCHAR, delivery_id VARCHAR, line BIGINT, owner VARCHAR);"
        "CREATE OR REPLACE TEMP TABLE gone_people (customer_id VARCHAR);"
        "CREATE OR REPLACE TEMP TABLE gone_orders (order_id VARCHAR, owner VARCHAR)"
    )
    for table in OF_CUSTOMERS:
        found = _theirs(connection, f"SELECT DISTINCT customer_id FROM {source}.{table.name}", erased.is_person)
        connection.execute("INSERT INTO gone_people SELECT unnest(?::VARCHAR[]) EXCEPT FROM gone_people", [found])
    for table in OF_CUSTOMERS:
        _mark(connection, source, table)
        if table.name == "orders":
            _keep_orders(connection, source, erased)
        if "order_id" in table.column_names:
            _mark_orders(connection, f"{source}.{table.name}", table)
    _mark_quarantine(connection, f"{source}.quarantine", erased, named or {})
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE gone AS SELECT DISTINCT table_name, delivery_id, line FROM gone_owned"
    )
    rows = connection.execute("SELECT table_name, count(*) FROM gone GROUP BY 1 ORDER BY 1").fetchall()
    orders = connection.execute("SELECT DISTINCT order_id FROM gone_orders ORDER BY 1").fetchall()
    return Found(dict(rows), _whose(connection), tuple(order for (order,) in orders), _marks(connection, source))


def _whose(connection: DuckDBPyConnection) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for owner, table, count in connection.execute(
        "SELECT owner, table_name, count(DISTINCT (delivery_id, line)) FROM gone_owned GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        found.setdefault(owner, {})[table] = count
    return found


def _theirs(connection: DuckDBPyConnection, values: str, is_theirs: Callable[[str], bool]) -> list[str]:
    return [value for (value,) in connection.execute(values).fetchall() if value is not None and is_theirs(value)]


def _mark(connection: DuckDBPyConnection, source: str, table: Table) -> None:
    place = f"{source}.{table.name}"

    def mark(rows: str) -> None:
        connection.execute(f"INSERT INTO gone_owned SELECT '{table.qualified}', r.delivery_id, r.line, {rows}")

    mark(f"r.customer_id FROM {place} AS r WHERE r.customer_id IN (FROM gone_people)")
    key = f"{table.name.removesuffix('s')}_id"
    if "updated_at" in table.column_names and key in table.column_names and key != "customer_id":
        newest = (
            f"SELECT {key}, customer_id FROM {place} LEFT JOIN {source}.deliveries AS d USING (delivery_id)"
            f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {_NEWEST}) = 1"
        )
        mark(f"n.customer_id FROM {place} AS r JOIN ({newest}) AS n USING ({key})"
             " WHERE n.customer_id IN (FROM gone_people)")  # fmt: skip


def _mark_orders(connection: DuckDBPyConnection, place: str, table: Table) -> None:
    """Records of the orders that go, which name nobody themselves."""
    connection.execute(
        f"INSERT INTO gone_owned SELECT '{table.qualified}', r.delivery_id, r.line, o.owner"
        f" FROM {place} AS r JOIN gone_orders AS o USING (order_id) WHERE r.customer_id IS NULL"
    )


def _keep_orders(connection: DuckDBPyConnection, source: str, erased: Erased) -> None:
    """The orders that go, and those of an earlier attempt: their rows may be gone already."""
    connection.execute(
        f"INSERT INTO gone_orders SELECT DISTINCT o.order_id, g.owner FROM {source}.orders AS o JOIN gone_owned AS g"
        " ON g.table_name = 'raw.orders' AND o.delivery_id = g.delivery_id AND o.line = g.line"
    )
    if erased.orders:
        nobodys = f"SELECT order_id FROM {source}.{{}} WHERE customer_id IS NULL"
        found = _theirs(connection, " UNION ".join(map(nobodys.format, ("orders", "feedback"))), erased.is_order)
        connection.execute(
            f"INSERT INTO gone_orders SELECT order_id, '{_OF_BEFORE}' FROM"
            " (SELECT unnest(?::VARCHAR[]) AS order_id EXCEPT SELECT order_id FROM gone_orders)",
            [found],
        )


def _mark_quarantine(connection: DuckDBPyConnection, place: str, erased: Erased, named: Mapping[str, str]) -> None:
    rows = connection.execute(f"SELECT delivery_id, line, record FROM {place}").fetchall()
    theirs = [
        (delivery, line, named.get(owner, owner))
        for delivery, line, record in rows
        for owner in _owners(record, erased)
    ]
    if theirs:
        connection.execute(
            f"INSERT INTO gone_owned SELECT '{QUARANTINE}', unnest($1::VARCHAR[]), unnest($2::BIGINT[]),"
            " unnest($3::VARCHAR[])",
            [list(column) for column in zip(*theirs, strict=True)],
        )


def _owners(record: str, erased: Erased) -> set[str]:
    """The erased customers a record that was set aside is of, and the tags of the texts by which it names one."""
    content = json.loads(record)
    customer = content.pop("customer_id", None)
    found = {tag for text in content.values() if isinstance(text, str) for tag in erased.mentioned_in(text)}
    if isinstance(customer, str) and erased.is_person(customer):
        found.add(customer)
    if content.get("order_id") is not None and customer is None and erased.is_order(str(content["order_id"])):
        found.add(_OF_BEFORE)
    return found


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
