"""Which customers' histories of attributes changed between what two versions knew.

An attribute is true of its time: a new value says nothing about periods before, and is growth. A customer whose first
record arrives late had been counted as unknown in all periods until then.
Belongs here: the source customers. Not here: the sources whose last version of a record counts (``changes``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_pipeline.core.causes import Cause
from retention_pipeline.warehouse.ledger.records import Records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

_CUSTOMERS = """
insert into ledger_changes
with
known as (
    select delivered.*, deliveries.was_there, deliveries.is_there
    from store.raw.customers as delivered
    inner join ledger_deliveries as deliveries using (delivery_id)
    where delivered.known_date <= {new_as_of}
),
known_before as (
    select distinct customer_id from known where was_there and known_date <= {old_as_of}
),
-- a customer of whom nothing else was known before is growth
occurring as (
{occurring}
),
touched as (
    select distinct customer_id from known where was_there <> is_there and known_date <= {old_as_of}
    union
    select distinct customer_id
    from known
    anti join known_before using (customer_id)
    semi join occurring using (customer_id)
),
histories as (
    select
        customer_id,
        list_sort(list({{'known': known_date, 'says': attributes}}) filter (
            where was_there and known_date <= {old_as_of}
        )) as old_history,
        list_sort(list({{'known': known_date, 'says': attributes}}) filter (
            where is_there and (known_date <= {old_as_of} or customer_id not in (from known_before))
        )) as new_history,
        max(delivery_id) filter (where is_there and not was_there) as new_delivery,
        max(delivery_id) filter (where was_there and not is_there) as gone_delivery,
        min_by(delivery_id, known_date) as first_delivery
    from known
    semi join touched using (customer_id)
    group by customer_id
)
select
    'customers',
    [case
        when coalesce(new_delivery, gone_delivery) in (select delivery_id from ledger_deliveries where is_repair)
            then '{repair}'
        when old_history is null then '{late_record}' when new_history is null then '{deletion}' else '{correction}'
    end],
    [customer_id],
    [{{'starts': date '0001-01-01', 'ends': date '9999-12-31'}}],
    coalesce(new_delivery, first_delivery),
    false
from histories
where old_history is distinct from new_history
"""


def find_changed_histories(
    connection: DuckDBPyConnection, sources: Mapping[str, Records], *, old_as_of: str, new_as_of: str
) -> None:
    """Add to ``ledger_changes`` the customers whose history up to the older ``as_of`` is another now.

    Args:
        connection: With ``ledger_deliveries`` and the store attached as ``store``.
        sources: The other sources, in whose records a customer may have occurred before.
        old_as_of: ``as_of`` of the version compared with, as SQL.
        new_as_of: ``as_of`` of the new version, as SQL.
    """
    occurring = "\n    union all\n".join(
        f"    select customer_id from store.raw.{name} where known_date <= {old_as_of}"
        for name, records in sources.items()
        if records.is_about_customers
    )
    causes = {cause.value: cause.value for cause in Cause}
    connection.execute(_CUSTOMERS.format(**causes, old_as_of=old_as_of, new_as_of=new_as_of, occurring=occurring))
