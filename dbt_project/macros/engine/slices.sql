{# Building a table for a part of the customers at a time, where all of them at once would not fit into memory. #}

{# The texts that together make all rows of a table: one for each part of the customers, or the model's own.

   Only what is declared to follow from its customer's own rows is divided, as carried builds need it too. Here it has to
   follow from the customer's own rows of every input: carried builds read tables that are declared for nobody as a whole,
   a part of the customers sees its part of them. A test lists the models for which this makes a difference. #}
{% macro texts_of(sql) -%}
    {%- set count = var('slices', 1) -%}
    {%- if count == 1 or model.schema == 'staging' or kind_of(model) not in ['customer', 'customer_and_period'] -%}
        {{ return([sql]) }}
    {%- endif -%}
    {%- set texts = [] -%}
    {%- for number in range(count) -%} {%- do texts.append(on_part(sql, number, count)) -%} {%- endfor -%}
    {{ return(texts if texts[0] != sql else [sql]) }}
{%- endmacro %}

{# The text of a model over one part of the customers. Ids are hashes in hexadecimal digits, so their first four divide
   them evenly; rows of nobody go with the first part. #}
{% macro on_part(sql, number, count) -%}
    {%- set low, high = 65536 * number // count, 65536 * (number + 1) // count -%}
    {%- set after = "(customer_id >= '" ~ '%04x' % low ~ "')" if number else "true" -%}
    {%- set before = "(customer_id < '" ~ '%04x' % high ~ "')" if number + 1 < count else "true" -%}
    {%- set nobody = " or customer_id is null" if not number else "" -%}
    {%- set text = namespace(sql=sql) -%}
    {%- for input in inputs() if 'customer_id' in input.columns -%}
        {%- set part = "(select * from " ~ input.relation_name ~ " where " ~ after ~ " and " ~ before ~ nobody ~ ")" -%}
        {%- set text.sql = text.sql | replace(input.relation_name, part) -%}
    {%- endfor -%}
    {{ return(text.sql) }}
{%- endmacro %}
