"""What a comparison reads: the tables of the version compared with, the build, the delivery store.

Belongs here: giving them names on one connection. Not here: comparing them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retention_pipeline.core.history_tables import COVERAGE, DELIVERIES, METRIC_SOURCES, VERSIONS
from retention_pipeline.core.home import Home
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.warehouse.manifest import Manifest
from retention_pipeline.warehouse.sql import literal, quote

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

_FORMER: Final = {
    "old_values": METRIC_VALUES,
    "old_deliveries": DELIVERIES,
    "old_versions": VERSIONS,
    "old_coverage": COVERAGE,
    "old_metric_sources": METRIC_SOURCES,
}
_OF_CUSTOMERS: Final = {"old_customers": "dim_customer", "old_segments": "dim_customer_segment"}

_METRIC_SOURCES = """
create or replace temp table new_metric_sources as
with
present as (
    select distinct metric, variant, basis from metrics.metric_values
),
former as (
    select metric, variant, basis, any_value(since_version) as since_version from old_metric_sources group by all
),
published_before as (
    select distinct metric, variant, basis from old_values
)
select
    present.metric, present.variant, present.basis, declared.source, declared.is_completing, declared.looks_ahead,
    declared.looks_back,
    coalesce(
        former.since_version, case when published_before.metric is not null then {previous} end, {version}
    ) as since_version
from present
inner join declared_metric_sources as declared
    on present.metric = declared.metric
    and present.variant = declared.variant
    and (present.basis = declared.basis or (declared.basis = 'scale_*' and starts_with(present.basis, 'scale_')))
left join former on (present.metric, present.variant, present.basis) = (former.metric, former.variant, former.basis)
left join published_before
    on (present.metric, present.variant, present.basis)
    = (published_before.metric, published_before.variant, published_before.basis)
union all
select * from old_metric_sources
where (metric, variant, basis) not in (from present)
"""


def table_file(home: Home, manifest: Manifest, name: str) -> str:
    """A table of a published version, as something that can stand after FROM."""
    return f"read_parquet({literal(home.published / manifest.version / manifest.tables[name].parquet.name)})"


def attach(connection: DuckDBPyConnection, home: Home, baseline: Manifest | None, deliveries: pd.DataFrame) -> None:
    """Name the tables of the version compared with ``old_*``; where it has none, they are empty.

    Beside them ``new_deliveries``, and the delivery store as ``store``.
    """
    for view, table in _FORMER.items():
        record = None if baseline is None else baseline.tables.get(table.name)
        columns = None if record is None else record.select_list(table)
        if baseline is not None and columns is not None:
            query = f"select {columns} from {table_file(home, baseline, table.name)}"
        else:
            columns = ", ".join(f"cast(null as {column.type}) as {quote(column.name)}" for column in table.columns)
            query = f"select {columns} where false"
        connection.execute(f"create or replace temp view {view} as {query}")
    for view, name in _OF_CUSTOMERS.items():
        known = baseline is not None and name in baseline.tables
        source = table_file(home, baseline, name) if baseline is not None and known else f"marts.{name}"
        connection.execute(f"create or replace temp view {view} as select * from {source}")
    connection.register("deliveries_frame", deliveries)
    typed = ", ".join(f"cast({column.name} as {column.type}) as {column.name}" for column in DELIVERIES.columns)
    connection.execute(f"create or replace temp table new_deliveries as select {typed} from deliveries_frame")
    connection.unregister("deliveries_frame")
    connection.execute(f"attach if not exists {literal(home.store)} as store (read_only)")


def write_metric_sources(
    connection: DuckDBPyConnection, declared: pd.DataFrame, *, version: str, previous: str | None
) -> None:
    """Fill ``new_metric_sources``: what is declared, for the bases that occur; metrics of the past keep their rows."""
    connection.register("declared_metric_sources", declared)
    names = {"version": literal(version), "previous": "null" if previous is None else literal(previous)}
    connection.execute(_METRIC_SOURCES.format(**names))
    connection.unregister("declared_metric_sources")
