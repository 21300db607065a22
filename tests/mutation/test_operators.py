"""Every kind of mistake of the fault catalogue is made where a query offers a place for it."""

from __future__ import annotations

import pytest

from tests.mutation.operators import Surroundings, mutants_of

AROUND = Surroundings(
    {"order_date": "DATE", "refund_date": "DATE", "net": "DECIMAL(18,4)", "gross": "DECIMAL(18,4)", "n": "BIGINT"},
    "2024-03-15",
)
EXAMPLES = {
    "boundary": ("select 1 from o where a < b", "SELECT 1 FROM o WHERE a <= b"),
    "left and inner join": (
        "select 1 from a left join b on a.x = b.x", "SELECT 1 FROM a INNER JOIN b ON a.x = b.x"
    ),
    "join key forgotten": ("select 1 from a join b using (x, y)", "SELECT 1 FROM a JOIN b USING (x)"),
    "missing distinct": ("select count(distinct x) from a", "SELECT COUNT(x) FROM a"),
    "one distinct too many": ("select x from a union all select x from b", "SELECT x FROM a UNION SELECT x FROM b"),
    "wrong date column": ("select order_date from o", "SELECT refund_date FROM o"),
    "wrong amount": ("select sum(net) as s from o", "SELECT SUM(gross) AS s FROM o"),
    "max instead of last": ("select max_by(x, y) from a", "SELECT MAX(x) FROM a"),
    "coalesce forgotten": ("select coalesce(x, 0) from a", "SELECT x FROM a"),
    "coalesce 0": ("select case when x then n end from a", "SELECT CASE WHEN x THEN n ELSE 0 END FROM a"),
    "nullif forgotten": ("select x / nullif(y, 0) from a", "SELECT x / y FROM a"),
    "fixed lookback": (
        "select x from staging.stg_orders as o",
        "SELECT x FROM (SELECT * FROM staging.stg_orders WHERE order_date > CAST('2024-03-15' AS DATE) - 45) AS o",
    ),
    "(year, week) key": (
        "select date_trunc('week', d) from a",
        "SELECT CAST(DATE_TRUNC('YEAR', d) AS DATE) + CAST(7 * (WEEKOFYEAR(d) - 1) AS INT) FROM a",
    ),
    "float money": (
        "select cast(x as decimal(18, 4)) from a", "SELECT CAST(CAST(x AS REAL) AS DECIMAL(18, 4)) FROM a"
    ),
    "session time zone": (
        "select timezone('Europe/Berlin', x) from a", "SELECT TIMEZONE('Asia/Tokyo', x) FROM a"
    ),
    "off by one": ("select 1 from a where x = 7", "SELECT 1 FROM a WHERE x = 8"),
    "condition forgotten": ("select 1 from a where x = y", "SELECT 1 FROM a WHERE TRUE"),
    "condition turned": ("select 1 from a where x = y", "SELECT 1 FROM a WHERE x <> y"),
    "filter forgotten": ("select count(*) filter (where x) from a", "SELECT COUNT(*) FROM a"),
    "partition key forgotten": (
        "select row_number() over (partition by x, y order by z) from a",
        "SELECT ROW_NUMBER() OVER (PARTITION BY y ORDER BY z) FROM a",
    ),
    "branch forgotten": (
        "select case when x then 1 when y then 2 end from a", "SELECT CASE WHEN y THEN 2 END FROM a"
    ),
    "wrong order": ("select x from a order by x desc", "SELECT x FROM a ORDER BY x ASC"),
    "wrong choice": ("select min(x) from a", "SELECT MAX(x) FROM a"),
    "arithmetic": ("select x - y from a", "SELECT x + y FROM a"),
    "null-safe comparison": ("select x is not distinct from y from a", "SELECT x = y FROM a"),
}  # fmt: skip


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_mistake_is_made_where_it_can_be_made(kind: str) -> None:
    sql, mutated = EXAMPLES[kind]
    found = {mutant.sql for mutant in mutants_of("model", sql, AROUND) if mutant.kind == kind}
    assert mutated in found, found


def test_mutants_differ_from_the_query_and_from_each_other_and_have_names_of_their_own() -> None:
    sql = "select a.x, coalesce(b.y, 0) as y from a left join b on a.x = b.x and a.z < b.z where a.x > 3 and a.x > 3"
    mutants = list(mutants_of("model", sql, AROUND))
    assert len(mutants) > 10
    assert len({mutant.sql for mutant in mutants} | {sql}) == len(mutants) + 1
    assert len({mutant.name for mutant in mutants}) == len(mutants)
