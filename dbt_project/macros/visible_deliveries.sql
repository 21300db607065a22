{# The deliveries whose rows make up a source's state at as_of.
   A source that is no longer configured has none, whatever the store still holds of it. Increments add up. A snapshot is
   the full state of its date, so only the latest one counts, except where history is wanted. A repair brings lines of
   another delivery and ranks as that one: `ranked_as`. #}
{% macro visible_deliveries(source_name, with_history=false) -%}
    select
        delivered.delivery_id,
        coalesce(delivered.repairs, delivered.delivery_id) as ranked_as,
        case when delivered.kind = 'snapshot' then delivered.business_date end as snapshot_date
    from {{ source('raw', 'deliveries') }} as delivered
    where
        delivered.source = '{{ source_name }}'
        {%- if source_name not in var('sources') %}
        and false
        {%- endif %}
        and delivered.status = 'accepted'
        and delivered.is_current
        and (delivered.business_date is null or delivered.business_date <= {{ as_of() }})
        {%- if not with_history %}
        and (
            delivered.kind <> 'snapshot'
            or delivered.business_date is null
            or delivered.business_date = (
                select max(snapshots.business_date)
                from {{ source('raw', 'deliveries') }} as snapshots
                where
                    snapshots.source = '{{ source_name }}'
                    and snapshots.kind = 'snapshot'
                    and snapshots.status = 'accepted'
                    and snapshots.is_current
                    and snapshots.business_date <= {{ as_of() }}
            )
        )
        {%- endif %}
{%- endmacro %}
