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
{% set figures = [] -%}
{% for figure in [
    'repeat_days', 'tenure', 'recency', 'repeat_sales', 'repeat_days * repeat_days', 'tenure * tenure', 'recency * recency',
    'repeat_days * tenure', 'repeat_days * recency', 'tenure * recency', 'repeat_days * repeat_sales', 'tenure * repeat_sales'
] -%}
{% do figures.append('cast(cast(sum(' ~ figure ~ ') as decimal(38, 2)) as ' ~ dbt.type_string() ~ ')') -%}
{% endfor -%}
summed as (
    select
        sample_date,
        cast(count(*) as bigint) as customer_count,
        cast(count(*) filter (where repeat_days > 0) as bigint) as repeat_customer_count,
        cast(sample_date as {{ dbt.type_string() }}) || '|' || cast(count(*) as {{ dbt.type_string() }}) || '|'
        || {{ figures | join(" || '|'\n        || ") }} as figures
    from measured
    group by sample_date
)

select
    sample_date,
    customer_count,
    repeat_customer_count,
    {{ dbt.hash('figures') }} as data_fingerprint
from summed
