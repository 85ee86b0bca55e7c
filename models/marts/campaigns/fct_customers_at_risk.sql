-- An early warning is for customers who can still be kept: who has not bought for four times churn_days is gone.
{%- set reasons = [
    ('is_overdue', 'overdue'),
    ('has_falling_spend', 'falling spend'),
    ('has_fewer_responses', 'fewer responses'),
    ('has_complaint', 'complaint'),
    ('has_low_score', 'low score')
] %}

with

as_of as (
    select
        as_of_date,
        {{ date_plus('as_of_date', -var('churn_days'), 'day') }} as recent_after_date,
        {{ date_plus('as_of_date', -2 * var('churn_days'), 'day') }} as earlier_after_date
    from {{ ref('int_as_of') }}
),

spend as (
    select
        customer_days.customer_id,
        sum(case when customer_days.purchase_date > as_of.recent_after_date then customer_days.sales_amount else 0 end) as recent_sales_amount,
        sum(case when customer_days.purchase_date <= as_of.recent_after_date then customer_days.sales_amount else 0 end) as earlier_sales_amount
    from {{ ref('int_customer_days') }} as customer_days
    cross join as_of
    where customer_days.purchase_date > as_of.earlier_after_date
    group by customer_days.customer_id
),

low_scores as (
    select distinct customer_id
    from {{ ref('int_surveys_classified') }}
    where (is_detractor or (survey_type = 'csat' and score <= 2)) and responded_date > (select as_of.recent_after_date from as_of)
),

judged as (
    select
        as_of.as_of_date,
        customers.customer_id,
        customers.last_purchase_date,
        customers.sales_amount_lifetime,
        customers.customer_360_segment,
        customers.crm_dashboard_segment,
        customer_value.value_tier,
        customer_value.churn_risk,
        customer_value.median_days_between_purchases,
        customer_value.days_overdue,
        cast(coalesce(spend.recent_sales_amount, 0) as decimal(18, 2)) as recent_sales_amount,
        cast(coalesce(spend.earlier_sales_amount, 0) as decimal(18, 2)) as earlier_sales_amount,
        -- half of all gaps are longer than the median: only twice the median is out of rhythm
        coalesce(
            customer_value.purchase_day_count >= 3
            and {{ days_between('customers.last_purchase_date', 'as_of.as_of_date') }} > 2 * customer_value.median_days_between_purchases,
            false
        ) as is_overdue,
        coalesce(2 * spend.recent_sales_amount < spend.earlier_sales_amount, false) as has_falling_spend,
        coalesce(
            engagement.response_count_earlier >= 2 and 2 * engagement.response_count_recent < engagement.response_count_earlier, false
        ) as has_fewer_responses,
        coalesce(engagement.complaint_count_recent > 0, false) as has_complaint,
        low_scores.customer_id is not null as has_low_score
    from {{ ref('dim_customers') }} as customers
    cross join as_of
    left join {{ ref('int_customers_valued') }} as customer_value on customers.customer_id = customer_value.customer_id
    left join spend on customers.customer_id = spend.customer_id
    left join {{ ref('int_customer_engagement') }} as engagement on customers.customer_id = engagement.customer_id
    left join low_scores on customers.customer_id = low_scores.customer_id
    where
        not customers.is_erased
        and {{ days_between('customers.last_purchase_date', 'as_of.as_of_date') }} < 4 * {{ var('churn_days') }}
),

counted as (
    select
        *,
        {% for flag, _ in reasons -%}
        case when {{ flag }} then 1 else 0 end{{ ' + ' if not loop.last }}
        {%- endfor %} as reason_count,
        {% for flag, words in reasons -%}
        case when {{ flag }} then '; {{ words }}' else '' end{{ ' || ' if not loop.last }}
        {%- endfor %} as reason_list
    from judged
)

select
    as_of_date,
    customer_id,
    customer_360_segment,
    crm_dashboard_segment,
    value_tier,
    churn_risk,
    last_purchase_date,
    median_days_between_purchases,
    days_overdue,
    sales_amount_lifetime,
    recent_sales_amount,
    earlier_sales_amount,
    is_overdue,
    has_falling_spend,
    has_fewer_responses,
    has_complaint,
    has_low_score,
    cast(reason_count as integer) as reason_count,
    substr(reason_list, 3) as reasons
from counted
where reason_count > 0
