{# The sums of one piece of evidence, per arm: x explains, y is explained; a yes or no is a y of 1 or 0.
   19 digits: the square of an 18-digit amount would not fit the type that a product of two of them gets. #}
{% macro evidence_sums(evidence, relation, is_treated, y, x='0') -%}
    select
        cast('{{ evidence }}' as string) as evidence,
        {{ is_treated }} as is_treated,
        cast(count(*) as bigint) as observations_count,
        cast(sum(cast({{ x }} as decimal(19, 4))) as decimal(38, 4)) as x_sum,
        cast(sum(cast({{ y }} as decimal(19, 4))) as decimal(38, 4)) as y_sum,
        cast(sum(cast({{ x }} as decimal(19, 4)) * cast({{ x }} as decimal(19, 4))) as decimal(38, 8)) as x_sq,
        cast(sum(cast({{ x }} as decimal(19, 4)) * cast({{ y }} as decimal(19, 4))) as decimal(38, 8)) as x_y,
        cast(sum(cast({{ y }} as decimal(19, 4)) * cast({{ y }} as decimal(19, 4))) as decimal(38, 8)) as y_sq
    from {{ relation }}
    where ({{ is_treated }}) is not null
    group by {{ is_treated }}
{%- endmacro %}
