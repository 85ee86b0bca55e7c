{%- set customer_figures = [
    'contacted_count', 'control_count', 'contacted_before_start_count', 'opened_count', 'clicked_count', 'unsubscribed_count',
    'contacted_buyer_count', 'control_buyer_count', 'contacted_purchase_count', 'control_purchase_count',
    'contacted_sales_amount', 'control_sales_amount'
] -%}
{%- set sale_figures = ['attributed_purchase_count', 'attributed_sales_amount', 'first_touch_sales_amount', 'linear_sales_amount'] -%}
{%- set figures = customer_figures + sale_figures -%}
-- Customers and sales are added up by RFM code first, then codes to segments of both schemes.
with

campaigns as (
    select
        campaign_id,
        starts_on,
        cost_amount
    from {{ ref('dim_campaigns') }}
),

customers_by_code as (
    select
        campaign_id,
        coalesce(rfm_score, 'unscored') as code,
        count(*) filter (where not is_control) as contacted_count,
        count(*) filter (where is_control) as control_count,
        count(*) filter (where is_before_start) as contacted_before_start_count,
        count(*) filter (where has_opened and not is_control) as opened_count,
        count(*) filter (where has_clicked and not is_control) as clicked_count,
        count(*) filter (where has_unsubscribed and not is_control) as unsubscribed_count,
        count(*) filter (where purchase_count > 0 and not is_control) as contacted_buyer_count,
        count(*) filter (where purchase_count > 0 and is_control) as control_buyer_count,
        coalesce(sum(purchase_count) filter (where not is_control), 0) as contacted_purchase_count,
        coalesce(sum(purchase_count) filter (where is_control), 0) as control_purchase_count,
        {{ sum_amount('sales_amount', 'not is_control') }} as contacted_sales_amount,
        {{ sum_amount('sales_amount', 'is_control') }} as control_sales_amount
    from {{ ref('int_campaign_customers') }}
    group by campaign_id, coalesce(rfm_score, 'unscored')
),

-- customer_id is NULL where an anonymous sale carries the campaign
sales_by_customer as (
    select
        campaign_id,
        customer_id,
        count(*) filter (where is_last_touch) as attributed_purchase_count,
        {{ sum_amount('sales_amount', 'is_last_touch') }} as attributed_sales_amount,
        {{ sum_amount('sales_amount', 'is_first_touch') }} as first_touch_sales_amount,
        {{ sum_amount('linear_sales_amount') }} as linear_sales_amount
    from {{ ref('int_campaign_touches') }}
    group by campaign_id, customer_id
),

sales_by_code as (
    select
        sales_by_customer.campaign_id,
        case
            when campaign_customers.customer_id is null then 'not contacted'
            else coalesce(campaign_customers.rfm_score, 'unscored')
        end as code,
        sum(sales_by_customer.attributed_purchase_count) as attributed_purchase_count,
        sum(sales_by_customer.attributed_sales_amount) as attributed_sales_amount,
        sum(sales_by_customer.first_touch_sales_amount) as first_touch_sales_amount,
        sum(sales_by_customer.linear_sales_amount) as linear_sales_amount
    from sales_by_customer
    left join {{ ref('int_campaign_customers') }} as campaign_customers
        on
            sales_by_customer.campaign_id = campaign_customers.campaign_id
            and sales_by_customer.customer_id = campaign_customers.customer_id
    group by
        sales_by_customer.campaign_id,
        case
            when campaign_customers.customer_id is null then 'not contacted'
            else coalesce(campaign_customers.rfm_score, 'unscored')
        end
),

figures_by_code as (
    {% for relation, own_figures in [('customers_by_code', customer_figures), ('sales_by_code', sale_figures)] -%}
    select
        campaign_id,
        {% for figure in figures -%}
        {{ figure if figure in own_figures else '0 as ' ~ figure }},
        {% endfor -%}
        code
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

schemes as (
    select distinct scheme from {{ ref('dim_segments') }}
),

segments_of_codes as (
    select
        scheme,
        rfm_score as code,
        segment
    from {{ ref('segment_lookup') }}
    {%- for segment in ['unscored', 'not contacted'] %}
    union all
    select
        scheme,
        '{{ segment }}' as code,
        '{{ segment }}' as segment
    from schemes
    {%- endfor %}
),

-- what has begun or has already reached or sold something
campaigns_shown as (
    select campaign_id
    from campaigns
    where {{ is_up_to_as_of('starts_on') }}
    union
    select campaign_id
    from figures_by_code
),

figures_by_segment as (
    select
        figures_by_code.campaign_id,
        {% for figure in figures -%}
        figures_by_code.{{ figure }},
        {% endfor -%}
        segments_of_codes.scheme,
        segments_of_codes.segment
    from figures_by_code
    inner join segments_of_codes on figures_by_code.code = segments_of_codes.code
    union all
    select
        campaigns_shown.campaign_id,
        {% for figure in figures -%}
        figures_by_code.{{ figure }},
        {% endfor -%}
        schemes.scheme,
        'all' as segment
    from campaigns_shown
    cross join schemes
    left join figures_by_code on campaigns_shown.campaign_id = figures_by_code.campaign_id
),

summed as (
    select
        campaign_id,
        scheme,
        segment,
        {% for figure in figures if figure.endswith('_count') -%}
        cast(coalesce(sum({{ figure }}), 0) as bigint) as {{ figure }},
        {% endfor -%}
        {{ sum_amount('contacted_sales_amount') }} as contacted_sales_amount,
        {{ sum_amount('control_sales_amount') }} as control_sales_amount,
        {{ sum_amount('attributed_sales_amount') }} as attributed_sales_amount,
        {{ sum_amount('first_touch_sales_amount') }} as first_touch_sales_amount,
        {{ sum_amount('linear_sales_amount') }} as linear_sales_amount
    from figures_by_segment
    group by campaign_id, scheme, segment
),

costed as (
    select
        summed.*,
        {{ rate('summed.contacted_buyer_count', 'summed.contacted_count') }} as contacted_conversion_rate,
        {{ rate('summed.control_buyer_count', 'summed.control_count') }} as control_conversion_rate,
        {{ divide(
            'summed.contacted_sales_amount * summed.control_count - summed.control_sales_amount * summed.contacted_count',
            'summed.control_count',
            2
        ) }} as sales_amount_above_control,
        case
            when summed.segment = 'all' then campaigns.cost_amount
            else {{ divide('campaigns.cost_amount * summed.contacted_count', 'totals.contacted_count', 2) }}
        end as cost_amount
    from summed
    inner join summed as totals
        on summed.campaign_id = totals.campaign_id and summed.scheme = totals.scheme and totals.segment = 'all'
    left join campaigns on summed.campaign_id = campaigns.campaign_id
),

-- NULL in an empty arm, and so in whatever is made of it
compared as (
    select
        *,
        case when contacted_count > 0 then sales_amount_above_control end as incremental_sales_amount,
        contacted_conversion_rate - control_conversion_rate as lift,
        cast(contacted_buyer_count as {{ type_double() }}) / nullif(contacted_count, 0) as contacted_share,
        cast(control_buyer_count as {{ type_double() }}) / nullif(control_count, 0) as control_share
    from costed
),

-- standard error of a difference of two shares, not pooled
estimated as (
    select
        *,
        sqrt(
            contacted_share * (1 - contacted_share) / nullif(contacted_count, 0)
            + control_share * (1 - control_share) / nullif(control_count, 0)
        ) as standard_error,
        cast(1.959964 as {{ type_double() }}) as z
    from compared
)

select
    campaign_id,
    scheme,
    segment,
    contacted_count,
    control_count,
    contacted_before_start_count,
    opened_count,
    {{ rate('opened_count', 'contacted_count') }} as open_rate,
    clicked_count,
    {{ rate('clicked_count', 'contacted_count') }} as click_rate,
    unsubscribed_count,
    {{ rate('unsubscribed_count', 'contacted_count') }} as unsubscribe_rate,
    contacted_buyer_count,
    control_buyer_count,
    contacted_purchase_count,
    control_purchase_count,
    contacted_sales_amount,
    control_sales_amount,
    contacted_conversion_rate,
    control_conversion_rate,
    cast(lift as decimal(18, 6)) as lift,
    contacted_share - control_share - z * standard_error as lift_low,
    contacted_share - control_share + z * standard_error as lift_high,
    attributed_purchase_count,
    attributed_sales_amount,
    first_touch_sales_amount,
    linear_sales_amount,
    incremental_sales_amount,
    cost_amount,
    -- nothing is a return on a cost below 0, which a test names
    {{ rate('attributed_sales_amount - cost_amount', 'greatest(cost_amount, 0)') }} as roi,
    {{ rate('attributed_sales_amount', 'greatest(cost_amount, 0)') }} as roas,
    {{ rate('incremental_sales_amount - cost_amount', 'greatest(cost_amount, 0)') }} as incremental_roi
from estimated
