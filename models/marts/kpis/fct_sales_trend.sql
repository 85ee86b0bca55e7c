{%- set measures = ['total_sales_amount', 'crm_sales_amount', 'ecommerce_sales_amount'] -%}
with

periods as (
    select * from {{ ref('int_periods_spined') }}
),

day_totals as (
    select
        transaction_date,
        {{ sum_amount('amount') }} as total_sales_amount,
        {{ sum_amount('amount', 'is_crm_sale') }} as crm_sales_amount,
        {{ sum_amount('amount', 'is_ecommerce_sale') }} as ecommerce_sales_amount
    from {{ ref('fct_transactions') }}
    where is_purchase
    group by transaction_date
),

period_totals as (
    {% for grain in period_grains() -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'transaction_date') }} as period_start_date,
        {%- for measure in measures %}
        {{ sum_amount(measure) }} as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from day_totals
    group by {{ period_start(grain, 'transaction_date') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

filled as (
    select
        periods.*,
        {%- for measure in measures %}
        cast(coalesce(totals.{{ measure }}, 0) as decimal(18, 2)) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from periods
    left join period_totals as totals
        on
            periods.period_grain = totals.period_grain
            and periods.period_start_date = totals.period_start_date
)

select
    current_periods.period_grain,
    current_periods.period_start_date,
    current_periods.is_complete,
    {%- for measure in measures %}
    current_periods.{{ measure }},
    {%- endfor %}
    {%- for measure in measures %}
    {%- set outer_loop = loop %}
    {%- for earlier in ['previous_period', 'previous_year'] %}
    case
        when current_periods.is_complete and {{ earlier }}s.is_complete
            then {{ rate('current_periods.' ~ measure ~ ' - ' ~ earlier ~ 's.' ~ measure, earlier ~ 's.' ~ measure) }}
    end as {{ measure }}_change_on_{{ earlier }}{{ ',' if not (loop.last and outer_loop.last) }}
    {%- endfor %}
    {%- endfor %}
from filled as current_periods
{%- for earlier in ['previous_period', 'previous_year'] %}
left join filled as {{ earlier }}s
    on
        current_periods.period_grain = {{ earlier }}s.period_grain
        and current_periods.{{ earlier }}_start_date = {{ earlier }}s.period_start_date
{%- endfor %}
