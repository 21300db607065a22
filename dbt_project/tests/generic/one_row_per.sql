{# The grain: the columns are never null and identify a row. Fails with the offending keys.
   As many hashes of keys as rows prove that no key is there twice, at half the price of grouping by the key itself. #}
{% test one_row_per(model, columns) %}
    select
        {{ columns | join(', ') }},
        count(*) as rows_count
    from {{ model }}
    where
        (select count(distinct {{ row_hash(columns) }}) < count(*) from {{ model }})
        {% for column in columns %} or {{ column }} is null{% endfor %}
    group by {{ columns | join(', ') }}
    having count(*) > 1{% for column in columns %} or {{ column }} is null{% endfor %}
{% endtest %}
