with

measured as (
    select
        sample_date,
        -- wide enough for the sums of products below
        cast(repeat_purchase_day_count as decimal(19, 0)) as repeat_days,
        cast(tenure_days as decimal(19, 0)) as tenure,
        cast(recency_days as decimal(19, 0)) as recency,
        cast(repeat_sales_amount as decimal(19, 2)) as repeat_sales
    from {{ ref('int_customer_value_measured') }}
),

-- sums do not depend on the order of rows, and exact ones not on the engine
{% set figures = [
    'repeat_days', 'tenure', 'recency', 'repeat_sales', 'repeat_days * repeat_days', 'tenure * tenure', 'recency * recency',
    'repeat_days * tenure', 'repeat_days * recency', 'tenure * recency', 'repeat_days * repeat_sales', 'tenure * repeat_sales'
] -%}
summed as (
    select
        sample_date,
        cast(count(*) as bigint) as customer_count,
        cast(count(*) filter (where repeat_days > 0) as bigint) as repeat_customer_count,
        {% for figure in figures -%}
        cast(cast(sum({{ figure }}) as decimal(38, 2)) as {{ dbt.type_string() }}) as figure_{{ loop.index }}{{ ',' if not loop.last }}
        {% endfor %}
    from measured
    group by sample_date
)

select
    sample_date,
    customer_count,
    repeat_customer_count,
    {% set texts = ['cast(sample_date as ' ~ dbt.type_string() ~ ')', 'cast(customer_count as ' ~ dbt.type_string() ~ ')'] -%}
    {% for figure in figures %}{% do texts.append('figure_' ~ loop.index) %}{% endfor -%}
    {{ dbt.hash(texts | join(" || '|' || ")) }} as data_fingerprint
from summed
