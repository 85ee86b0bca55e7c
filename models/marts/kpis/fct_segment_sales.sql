-- Distinct counts do not add up, so every combination is counted. Three things keep that cheap: a customer counts on the
-- first purchase of a period with that dimension value, found by the one before, so that counts of days add up to periods;
-- a customer has one RFM score as of D, so counts per score add up to segments; and what is put in order is narrow, because
-- customers and scores are numbers until they are counted.
{%- set unsplit = [('all', "'all'"), ('channel', "coalesce(channel, 'unknown')"), ('branch', "coalesce(branch_id, 'unknown')")] -%}
{%- set dimensions = unsplit | map(attribute=0) | list + ['category'] -%}
{%- set customer_measures = ['customer_count', 'vip_customer_count', 'new_customer_count', 'new_customer_sales_amount'] -%}
{%- set sale_measures = ['purchase_count', 'vip_purchase_count', 'sales_amount', 'vip_sales_amount', 'crm_sales_amount', 'ecommerce_sales_amount'] -%}
{%- set measures = customer_measures + sale_measures -%}
{%- set averages = vip_averages('vip_customer_count', 'vip_purchase_count') %}

with

customers as (
    select
        customer_id,
        cast(rfm_score as smallint) as rfm_score,
        first_purchase_date,
        cast(row_number() over (order by customer_id) as integer) as customer_number
    from {{ ref('dim_customers') }}
    where rfm_score is not null
),

purchases as (
    select
        sold.transaction_id,
        customers.customer_number,
        customers.rfm_score,
        customers.first_purchase_date,
        sold.transaction_date,
        sold.channel,
        sold.branch_id,
        sold.amount,
        sold.is_vip_sale,
        sold.is_crm_sale,
        sold.is_ecommerce_sale
    from {{ ref('fct_transactions') }} as sold
    left join customers on sold.customer_id = customers.customer_id
    where sold.is_purchase
),

line_sums as (
    select
        transaction_id,
        coalesce(category, 'unknown') as category,
        sum(amount) as amount
    from {{ ref('fct_transaction_lines') }}
    group by transaction_id, coalesce(category, 'unknown')
),

transaction_line_sums as (
    select
        transaction_id,
        sum(amount) as amount
    from line_sums
    group by transaction_id
),

{% for dimension, value in unsplit -%}
{{ dimension }}_values as (
    select
        customer_number,
        rfm_score,
        first_purchase_date,
        transaction_date,
        {{ value }} as dimension_value,
        amount,
        is_vip_sale,
        is_crm_sale,
        is_ecommerce_sale
    from purchases
),

{% endfor -%}
category_values as (
    select
        purchases.customer_number,
        purchases.rfm_score,
        purchases.first_purchase_date,
        purchases.transaction_date,
        line_sums.category as dimension_value,
        line_sums.amount,
        purchases.is_vip_sale,
        purchases.is_crm_sale,
        purchases.is_ecommerce_sale
    from purchases
    inner join line_sums on purchases.transaction_id = line_sums.transaction_id
    union all
    -- what the lines leave open; a purchase counts here only where that is not 0
    select
        purchases.customer_number,
        purchases.rfm_score,
        purchases.first_purchase_date,
        purchases.transaction_date,
        'unallocated' as dimension_value,
        purchases.amount - coalesce(transaction_line_sums.amount, 0) as amount,
        purchases.is_vip_sale,
        purchases.is_crm_sale,
        purchases.is_ecommerce_sale
    from purchases
    left join transaction_line_sums on purchases.transaction_id = transaction_line_sums.transaction_id
    where purchases.amount <> coalesce(transaction_line_sums.amount, 0)
),

-- Purchases of one day are alike but for being VIP sales, and the others come first: once a member, always a member, so that
-- there was no VIP sale before a purchase that is none. Anonymous purchases have none before them; their days are apart so
-- that nothing puts all of them in order.
{% for dimension in dimensions -%}
{{ dimension }}_in_order as (
    select
        *,
        {% for grain in period_grains() -%}
        {{ period_start(grain, 'transaction_date') }} as {{ grain }}_start_date,
        {% endfor -%}
        lag(transaction_date) over in_time as previous_date,
        case when lag(is_vip_sale) over in_time then lag(transaction_date) over in_time end as previous_vip_date
    from {{ dimension }}_values
    window in_time as (
        partition by customer_number, dimension_value, case when customer_number is null then transaction_date end
        order by transaction_date, is_vip_sale
    )
),

{% endfor -%}
-- what one condition after the other asks for is worked out once a row
{% for dimension in dimensions -%}
{{ dimension }}_flagged as (
    select
        {% for grain in period_grains() -%}
        {%- set start = grain ~ '_start_date' -%}
        {{ is_first_in_period('customer_number is not null', 'previous_date', start) }} as is_first_in_{{ grain }},
        {{ is_first_in_period('is_vip_sale', 'previous_vip_date', start) }} as is_first_vip_in_{{ grain }},
        {{ is_new_in_period('first_purchase_date', start) }} as is_new_in_{{ grain }},
        {% endfor -%}
        transaction_date,
        dimension_value,
        rfm_score,
        amount,
        is_vip_sale,
        is_crm_sale,
        is_ecommerce_sale
    from {{ dimension }}_in_order
),

{% endfor -%}
-- per RFM score: NULL is that of anonymous purchases
code_days as (
    {% for dimension in dimensions -%}
    select
        transaction_date,
        dimension_value,
        rfm_score,
        {% for grain in period_grains() -%}
        count(*) filter (where is_first_in_{{ grain }}) as {{ grain }}_customer_count,
        count(*) filter (where is_first_vip_in_{{ grain }}) as {{ grain }}_vip_customer_count,
        count(*) filter (where is_first_vip_in_{{ grain }} and is_new_in_{{ grain }}) as {{ grain }}_new_customer_count,
        {{ sum_amount('amount', 'is_vip_sale and is_new_in_' ~ grain) }} as {{ grain }}_new_customer_sales_amount,
        {% endfor -%}
        count(*) as purchase_count,
        count(*) filter (where is_vip_sale) as vip_purchase_count,
        {{ sum_amount('amount') }} as sales_amount,
        {{ sum_amount('amount', 'is_vip_sale') }} as vip_sales_amount,
        {{ sum_amount('amount', 'is_crm_sale') }} as crm_sales_amount,
        {{ sum_amount('amount', 'is_ecommerce_sale') }} as ecommerce_sales_amount,
        '{{ dimension }}' as dimension
    from {{ dimension }}_flagged
    group by transaction_date, dimension_value, rfm_score
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

grains as (
    select listed.period_grain
    from (
        values
        {% for grain in period_grains() -%}
        ('{{ grain }}'){{ ',' if not loop.last }}
        {% endfor -%}
    ) as listed (period_grain)
),

-- all grains in one reading: some engines would count anew for each
code_periods as (
    select
        code_days.dimension_value,
        code_days.rfm_score,
        grains.period_grain,
        case grains.period_grain
            {%- for grain in period_grains() %}
            when '{{ grain }}' then {{ period_start(grain, 'code_days.transaction_date') }}
            {%- endfor %}
        end as period_start_date,
        {% for measure in customer_measures -%}
        case grains.period_grain
            {%- for grain in period_grains() %}
            when '{{ grain }}' then code_days.{{ grain }}_{{ measure }}
            {%- endfor %}
        end as {{ measure }},
        {% endfor -%}
        {% for measure in sale_measures -%}
        code_days.{{ measure }},
        {% endfor -%}
        code_days.dimension
    from code_days
    cross join grains
    where
        grains.period_grain <> 'day'
        or code_days.transaction_date > (select {{ date_plus('as_of.as_of_date', -92, 'day') }} from {{ ref('int_as_of') }} as as_of)
),

code_period_sums as (
    select
        dimension_value,
        rfm_score,
        period_grain,
        period_start_date,
        {% for measure in measures -%}
        sum({{ measure }}) as {{ measure }},
        {% endfor -%}
        dimension
    from code_periods
    group by dimension, dimension_value, rfm_score, period_grain, period_start_date
),

schemes as (
    select distinct scheme from {{ ref('dim_segments') }}
),

totals as (
    select 'all' as segment
    union all
    select 'anonymous' as segment
),

codes as (
    select distinct rfm_score from customers
    union all
    select cast(null as smallint) as rfm_score
),

-- which scores a segment is the sum of
segment_codes as (
    select
        lookup.scheme,
        lookup.segment,
        cast(lookup.rfm_score as smallint) as rfm_score
    from {{ ref('segment_lookup') }} as lookup
    union all
    select
        schemes.scheme,
        totals.segment,
        codes.rfm_score
    from codes
    cross join schemes
    cross join totals
    where totals.segment = 'all' or codes.rfm_score is null
),

segment_periods as (
    select
        code_period_sums.*,
        segment_codes.scheme,
        segment_codes.segment
    from code_period_sums
    inner join segment_codes on coalesce(code_period_sums.rfm_score, 0) = coalesce(segment_codes.rfm_score, 0)
),

summed as (
    select
        scheme,
        segment,
        period_grain,
        period_start_date,
        dimension,
        {% for measure in measures -%}
        {{ sum_amount(measure) if measure.endswith('_amount') else 'cast(sum(' ~ measure ~ ') as bigint)' }} as {{ measure }},
        {% endfor -%}
        dimension_value
    from segment_periods
    group by scheme, segment, period_grain, period_start_date, dimension, dimension_value
),

totalled as (
    select
        *,
        cast(vip_sales_amount - new_customer_sales_amount as decimal(18, 2)) as returning_customer_sales_amount,
        vip_customer_count - new_customer_count as returning_customer_count,
        max(case when segment = 'all' then sales_amount end) over (
            partition by scheme, period_grain, period_start_date, dimension, dimension_value
        ) as total_sales_amount
    from summed
)

select
    scheme,
    segment,
    period_grain,
    period_start_date,
    dimension,
    dimension_value,
    customer_count,
    purchase_count,
    sales_amount,
    vip_customer_count,
    new_customer_count,
    returning_customer_count,
    {{ averages.return_rate }} as return_rate,
    vip_purchase_count,
    vip_sales_amount,
    new_customer_sales_amount,
    returning_customer_sales_amount,
    {{ averages.average_transaction_amount }} as average_transaction_amount,
    {{ averages.average_customer_amount }} as average_customer_amount,
    {{ averages.average_new_customer_amount }} as average_new_customer_amount,
    {{ averages.average_returning_customer_amount }} as average_returning_customer_amount,
    {{ rate('vip_sales_amount', 'total_sales_amount') }} as sales_share,
    crm_sales_amount,
    ecommerce_sales_amount,
    {{ rate('crm_sales_amount', 'sales_amount') }} as crm_sales_share,
    {{ rate('ecommerce_sales_amount', 'sales_amount') }} as ecommerce_sales_share
from totalled
