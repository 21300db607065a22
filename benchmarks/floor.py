"""The floor: the main facts from the same Parquet files by hand-written DuckDB SQL, and nothing else.

Belongs here: running ``floor.sql`` and proving that its tables are the pipeline's. Not here: the SQL itself.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

SQL = Path(__file__).with_name("floor.sql")
WINDOW_DAYS = 90

_CUSTOMER_PERIOD = """
    basis, grain, period_start, is_active_start, is_active_end, is_new, is_retained, is_lost, is_reactivated,
    is_new_kept, is_new_lost, orders_count, orders_before, count(*) AS n, sum(revenue_gross) AS gross,
    sum(revenue_net) AS net, sum(previous_revenue_gross) AS previous
"""
_PERIOD = """
    basis, grain, period_start, segment_set, segment_key, customers_start, customers_end, customers_new,
    customers_new_kept, customers_retained, customers_lost, customers_reactivated, customers_new_lost,
    customers_active, revenue_previous, revenue_retained_gross, revenue_retained_net
"""
_ORDERS = """
    grain, period_start, segment_set, segment_key, customers_ordering, customers_repeat_in_period, customers_returning,
    orders_count, revenue_gross, revenue_net, revenue_gross_returning
"""
_COHORT = """
    grain, segment_set, segment_key, cohort_start, cohort_age, cohort_size, customers_active, orders_count,
    revenue_gross, revenue_net, revenue_gross_to_date
"""
_STAGED = "order_date, status, is_valid, count(*) AS orders, sum(revenue_gross) AS gross, sum(revenue_net) AS net"
_SPELLS = "spell_number, spell_start, spell_end, count(*) AS n"
# the pipeline has a row also where nobody was active, and orders beside every basis
_ACTIVE, _BUYING = "WHERE customers_active > 0", "WHERE basis = 'calendar' AND customers_ordering > 0"
# the pipeline knows customers by keyed hashes, so their rows are compared by everything but the customer
SHARED = {
    "stg_orders": ("stg_orders", "staging.stg_orders", _STAGED, "GROUP BY ALL"),
    "spells": ("spells", "intermediate.int_customer_spells", _SPELLS, "GROUP BY ALL"),
    "customers of periods": ("fct_customer_period", "marts.fct_customer_period", _CUSTOMER_PERIOD, "GROUP BY ALL"),
    "periods": ("fct_period", "marts.fct_period", _PERIOD, _ACTIVE),
    "orders of periods": ("fct_period", "marts.fct_period", _ORDERS, _BUYING),
    "cohorts": ("fct_cohort_period", "marts.fct_cohort_period", _COHORT, ""),
}
"""What is compared: table of the floor, the pipeline's table, the columns both have, which rows."""


def statements(landing: Path, as_of: dt.date) -> Iterator[tuple[str, str]]:
    """Name and statement of each table, for one shop."""
    text = SQL.read_text(encoding="utf-8").replace("$landing", str(landing))
    text = text.replace("$as_of", as_of.isoformat()).replace("$window_days", str(WINDOW_DAYS))
    for statement in text.split(";\n"):
        if "create table " in statement:
            yield statement.partition("create table ")[2].split()[0], statement


def build(shop: Path, database: Path, as_of: dt.date) -> dict[str, float]:
    """Build every table in a new database file; returns the seconds each took."""
    database.unlink(missing_ok=True)
    with duckdb.connect() as scratch:  # in the format of the pipeline's build file, which is not DuckDB's default
        scratch.execute(f"ATTACH '{database}' AS made (STORAGE_VERSION 'latest')")
    seconds = {}
    with duckdb.connect(str(database)) as con:
        con.execute("SET preserve_insertion_order = false")  # the pipeline does without it, too
        for name, statement in statements(shop / "landing", as_of):
            began = time.perf_counter()
            con.execute(statement)
            seconds[name] = time.perf_counter() - began
    return seconds


def differences(floor: Path, build_file: Path) -> dict[str, int]:
    """Rows of each shared table that only one of the two has; all 0 when the floor is a floor of this pipeline."""
    found = {}
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{floor}' AS floor (READ_ONLY); ATTACH '{build_file}' AS build (READ_ONLY)")
        for name, (one, other, columns, clause) in SHARED.items():
            ours, theirs = (f"SELECT {columns} FROM {place} {clause}" for place in (f"floor.{one}", f"build.{other}"))
            found[name] = sum(
                int(con.sql(f"SELECT count(*) FROM ({left} EXCEPT ALL {right})").fetchall()[0][0])
                for left, right in ((ours, theirs), (theirs, ours))
            )
    return found


def main() -> None:
    """Build the floor of one shop and print the seconds of its tables as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("shop", type=Path)
    parser.add_argument("database", type=Path)
    parser.add_argument("--as-of", type=dt.date.fromisoformat, required=True)
    given = parser.parse_args()
    print(json.dumps(build(given.shop, given.database, given.as_of)))


if __name__ == "__main__":
    main()
