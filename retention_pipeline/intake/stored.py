"""What the store keeps of a record, and what it holds of a source already.

Belongs here: the stored form of a record as SQL, the position a source has been read to, records that are stored
unchanged. Not here: writing to the store (``load``), asking a database (``database``).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.rows import STAGE, TYPED
from retention_pipeline.intake.sql import literal, one, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_KEPT_TEXT = 200
_COUNTS = "d.source = $source AND d.is_current AND d.status = 'accepted' AND d.mapping_hash = $mapping"
_BEFORE = f"{_COUNTS} AND (d.business_date IS NULL OR d.business_date < $day)"


def stored_values(contract: Contract) -> dict[str, str]:
    """Stored column to SQL expression over a judged record."""
    values = {field.name: quote(field.name) for field in contract.fields if field.type not in {"attribute", "kind"}}
    if contract.source == "orders":
        values["refund_amount"] = "coalesce(refund_amount, 0)"
    elif contract.source == "customers":
        keys = ", ".join(map(literal, contract.attributes))
        cells = ", ".join(map(quote, contract.attributes))
        values["attributes"] = f"map([{keys}]::VARCHAR[], [{cells}]::VARCHAR[])"
    elif contract.source == "feedback":
        values |= {name: name for name in ("measure", "scale_min", "scale_max")}
    return values


def quarantined_text(contract: Contract) -> str:
    """The kept text of a quarantined record, over ``t`` (judged) and ``s`` (staged).

    Of a customer the hash is kept, of a code that is none nothing: it may be what a person wrote.
    """
    cells = {
        field.name: f"t.{quote(field.name)}" if field.type in {"customer", "code"}
        else f"left(s.{quote(field.name)}, {_KEPT_TEXT})"
        for field in contract.fields
    }  # fmt: skip
    listed = ", ".join(f"{quote(name)} := {cell}" for name, cell in cells.items())
    return f"to_json(struct_pack({listed}))"


def has_history(connection: DuckDBPyConnection, source: str, mapping: str) -> bool:
    """Whether the whole of a source has been read under this mapping."""
    sql = f"SELECT count(*) FROM raw.deliveries d WHERE {_COUNTS} AND d.business_date IS NULL AND d.repairs IS NULL"
    return bool(one(connection, sql, {"source": source, "mapping": mapping})[0])


def latest_day(connection: DuckDBPyConnection, source: str, mapping: str) -> dt.date | None:
    """The latest day a source has been read for under this mapping."""
    sql = f"SELECT max(d.business_date) FROM raw.deliveries d WHERE {_COUNTS}"
    day = one(connection, sql, {"source": source, "mapping": mapping})[0]
    return day if isinstance(day, dt.date) else None


def position(connection: DuckDBPyConnection, contract: Contract, mapping: str, day: dt.date) -> dt.datetime | None:
    """The greatest instant of the ordering column (UTC) among what was accepted before a day was read.

    It comes from the rows themselves, so it cannot be ahead of them whatever was killed when; what was read for the
    same day does not count, since another reading of that day replaces it and has to hold its rows too. Nor do repairs:
    what a person wrote must not carry the position past rows.
    """
    row = one(
        connection,
        f"SELECT max(r.{quote(contract.known_by[0])}) FROM {contract.table.qualified} r"
        f" JOIN raw.deliveries d USING (delivery_id) WHERE {_BEFORE} AND d.repairs IS NULL",
        {"source": contract.source, "mapping": mapping, "day": day},
    )
    return row[0] if isinstance(row[0], dt.datetime) else None


def unchanged_lines(connection: DuckDBPyConnection, contract: Contract, mapping: str, day: dt.date) -> set[int]:
    """Lines of the one judged delivery that say what the store says already (as of the days before ``day``).

    A record is compared with the latest stored version under its key: one that returned to an earlier state is news.
    A record that was quarantined for the same reason with the same text is none either.
    """
    values = stored_values(contract)
    shown = {name: f"CAST({name} AS VARCHAR)" if name == "attributes" else quote(name) for name in values}
    keys = ", ".join(map(quote, contract.key))
    newest = f"r.{quote(contract.known_by[0])} DESC NULLS LAST, r.known_date DESC, r.delivery_id DESC, r.line DESC"
    same = " AND ".join(f"i.{quote(name)} IS NOT DISTINCT FROM l.{quote(name)}" for name in values)
    parameters = {"source": contract.source, "mapping": mapping, "day": day}
    incoming = ", ".join(f"{value} AS {quote(name)}" for name, value in values.items())
    kept = ", ".join(f"{cell} AS {quote(name)}" for name, cell in shown.items())
    accepted = connection.execute(
        f"WITH made AS (SELECT _line, {incoming} FROM {TYPED} WHERE _problem IS NULL),"
        f" incoming AS (SELECT _line, {kept} FROM made),"
        f" latest AS (SELECT r.* FROM {contract.table.qualified} r JOIN raw.deliveries d USING (delivery_id)"
        f"  SEMI JOIN incoming USING ({keys}) WHERE {_BEFORE}"
        f"  QUALIFY row_number() OVER (PARTITION BY {', '.join('r.' + quote(key) for key in contract.key)}"
        f"  ORDER BY {newest}) = 1)"
        f" SELECT i._line FROM incoming i SEMI JOIN (SELECT {kept} FROM latest) l ON {same}",
        parameters,
    ).fetchall()
    quarantined = connection.execute(
        f"SELECT t._line FROM {TYPED} t JOIN {STAGE} s USING (_file, _line) WHERE t._problem IS NOT NULL AND EXISTS ("
        "  SELECT 1 FROM raw.quarantine q JOIN raw.deliveries d USING (delivery_id)"
        f" WHERE {_BEFORE} AND q.column_name || ':' || q.reason = t._problem"
        f" AND q.record = CAST({quarantined_text(contract)} AS VARCHAR))",
        parameters,
    ).fetchall()
    return {int(line) for (line,) in (*accepted, *quarantined)}
