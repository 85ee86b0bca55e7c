-- Every KPI is a column of one row per period first, then a row of its own.
{%- set grains = ['month', 'quarter', 'year'] -%}
{%- set months_of = {'month': 1, 'quarter': 3, 'year': 12} -%}
{%- set measures = [
    'sales_amount', 'crm_sales_share', 'customers_at_risk_count', 'new_customer_count', 'active_customer_count', 'return_rate',
    'repeat_purchase_rate', 'churn_rate', 'average_transaction_amount', 'average_revenue_per_customer', 'vip_sales_share', 'refund_rate',
    'customer_lifetime_value', 'customer_acquisition_cost', 'ltv_to_cac_ratio', 'cac_payback_months', 'lead_conversion_rate',
    'sales_conversion_rate', 'average_sales_cycle_days', 'median_sales_cycle_days', 'average_deal_amount', 'csat_average_score',
    'csat_top_two_share', 'nps', 'campaign_roi', 'marketing_spend_amount'
] %}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

periods as (
    select
        spine.period_grain,
        spine.period_start_date,
        spine.is_complete,
        case spine.period_grain
            {%- for grain, count in months_of.items() %}
            when '{{ grain }}' then {{ count }}
            {%- endfor %}
        end as month_count,
        -- an unfinished period is looked at on D
        least(spine.period_end_date, as_of.as_of_date) as last_date,
        as_of.as_of_date between spine.period_start_date and spine.period_end_date as holds_as_of_date
    from {{ ref('int_periods_spined') }} as spine
    cross join as_of
    where spine.period_grain in ('{{ grains | join("', '") }}')
),

repeat_customers as (
    {% for grain in grains -%}
    select
        '{{ grain }}' as period_grain,
        period_start_date,
        count(*) as repeat_customer_count
    from (
        select {{ period_start(grain, 'purchase_date') }} as period_start_date
        from {{ ref('int_customer_days') }}
        where vip_purchase_count > 0
        group by customer_id, {{ period_start(grain, 'purchase_date') }}
        having sum(vip_purchase_count) > 1
    ) as customers
    group by period_start_date
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- who comes into and leaves a score at risk, day by day: summed up, that is who is in one on any day
at_risk_codes as (
    select lookup.rfm_score
    from {{ ref('segment_lookup') }} as lookup
    inner join {{ ref('dim_segments') }} as segments
        on lookup.scheme = segments.scheme and lookup.segment = segments.segment
    where segments.scheme = 'crm_dashboard' and segments.is_at_risk
),

at_risk_changes as (
    select
        history.valid_from_date as change_date,
        count(*) as difference
    from {{ ref('fct_customer_rfm_history') }} as history
    inner join at_risk_codes on history.rfm_score = at_risk_codes.rfm_score
    group by history.valid_from_date
    union all
    select
        history.valid_to_date as change_date,
        -count(*) as difference
    from {{ ref('fct_customer_rfm_history') }} as history
    inner join at_risk_codes on history.rfm_score = at_risk_codes.rfm_score
    where history.valid_to_date is not null
    group by history.valid_to_date
),

customers_at_risk as (
    select
        periods.period_grain,
        periods.period_start_date,
        sum(at_risk_changes.difference) as customer_count
    from periods
    inner join at_risk_changes on periods.last_date >= at_risk_changes.change_date
    group by periods.period_grain, periods.period_start_date
),

-- a negative amount is no spend: a test says where there is one
spend as (
    {% for grain in grains -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'spend_date') }} as period_start_date,
        {{ sum_amount('amount') }} as spend_amount,
        {{ sum_amount('amount', "purpose = 'acquisition'") }} as acquisition_amount
    from {{ ref('stg_crm__marketing_spend') }}
    where amount >= 0 and {{ is_up_to_as_of('spend_date') }}
    group by {{ period_start(grain, 'spend_date') }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

any_spend as (
    select count(*) as row_count from spend
),

-- where no spend is known at all it is not 0
known_spend as (
    select
        periods.period_grain,
        periods.period_start_date,
        coalesce(spend.spend_amount, 0) as spend_amount,
        coalesce(spend.acquisition_amount, 0) as acquisition_amount
    from periods
    cross join any_spend
    left join spend
        on periods.period_grain = spend.period_grain and periods.period_start_date = spend.period_start_date
    where any_spend.row_count > 0
),

created_leads as (
    {% for grain in grains -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'created_date') }} as period_start_date,
        count(*) as created_count,
        count(*) filter (where status = 'won') as won_count
    from {{ ref('int_leads_classified') }}
    group by {{ period_start(grain, 'created_date') }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

closed_leads as (
    {% for grain in grains -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'closed_date') }} as period_start_date,
        count(*) as closed_count,
        count(*) filter (where status = 'won') as won_count,
        sum(sales_cycle_days) as sales_cycle_days,
        count(sales_cycle_days) as sales_cycle_count,
        {{ median_value('sales_cycle_days') }} as median_sales_cycle_days,
        {{ sum_amount('deal_amount', "status = 'won'") }} as deal_amount,
        count(deal_amount) filter (where status = 'won') as deal_count
    from {{ ref('int_leads_classified') }}
    where closed_date is not null
    group by {{ period_start(grain, 'closed_date') }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

satisfaction as (
    select
        period_grain,
        period_start_date,
        max(case when survey_type = 'csat' then average_score end) as csat_average_score,
        max(case when survey_type = 'csat' then top_two_share end) as csat_top_two_share,
        max(case when survey_type = 'nps' then nps end) as nps
    from {{ ref('fct_satisfaction') }}
    where scheme = 'crm_dashboard' and segment = 'all'
    group by period_grain, period_start_date
),

-- a campaign counts in the period of its end; one without a cost or an end, or still running on D, in none, nor one that
-- ends before it starts: a test names it
ended_campaigns as (
    select
        campaigns.ends_on as end_date,
        performance.attributed_sales_amount,
        performance.cost_amount
    from {{ ref('fct_campaign_performance') }} as performance
    inner join {{ ref('dim_campaigns') }} as campaigns on performance.campaign_id = campaigns.campaign_id
    cross join as_of
    where
        performance.scheme = 'crm_dashboard'
        and performance.segment = 'all'
        and performance.cost_amount > 0
        and campaigns.ends_on between campaigns.starts_on and as_of.as_of_date
),

campaigns as (
    {% for grain in grains -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'end_date') }} as period_start_date,
        {{ sum_amount('attributed_sales_amount') }} as attributed_sales_amount,
        {{ sum_amount('cost_amount') }} as cost_amount
    from ended_campaigns
    group by {{ period_start(grain, 'end_date') }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- the model's prediction is rounded to the cent, as an amount is
lifetime_values as (
    select
        count(predicted_sales_amount_next_12_months) as customer_count,
        sum(historic_sales_amount + cast(predicted_sales_amount_next_12_months as decimal(18, 2))) as lifetime_value_amount
    from {{ ref('fct_customer_value') }}
),

measured as (
    select
        periods.period_grain,
        periods.period_start_date,
        periods.is_complete,
        kpis.sales_amount,
        trend.crm_sales_share,
        coalesce(customers_at_risk.customer_count, 0) as customers_at_risk_count,
        kpis.new_customer_count,
        kpis.customer_count as active_customer_count,
        kpis.return_rate,
        {{ rate('coalesce(repeat_customers.repeat_customer_count, 0)', 'kpis.customer_count') }} as repeat_purchase_rate,
        {{ rate('churn.churned_customer_count', 'churn.opening_customer_count') }} as churn_rate,
        kpis.average_transaction_amount,
        {{ average_amount('kpis.net_sales_amount', 'kpis.customer_count') }} as average_revenue_per_customer,
        kpis.vip_sales_share,
        {{ rate('kpis.refund_amount', 'kpis.sales_amount') }} as refund_rate,
        case
            when periods.holds_as_of_date then {{ average_amount('lifetime_values.lifetime_value_amount', 'lifetime_values.customer_count') }}
        end as customer_lifetime_value,
        {{ average_amount('known_spend.acquisition_amount', 'kpis.new_customer_count') }} as customer_acquisition_cost,
        -- (acquisition spend / new customers) / (net sales / customers / months)
        {{ rate(
            cents('known_spend.acquisition_amount') ~ ' * ' ~ whole_number('kpis.customer_count') ~ ' * periods.month_count',
            cents('kpis.net_sales_amount') ~ ' * ' ~ whole_number('kpis.new_customer_count')
        ) }} as cac_payback_months,
        {{ rate('coalesce(created_leads.won_count, 0)', 'created_leads.created_count') }} as lead_conversion_rate,
        {{ rate('closed_leads.won_count', 'closed_leads.closed_count') }} as sales_conversion_rate,
        {{ divide('closed_leads.sales_cycle_days', 'closed_leads.sales_cycle_count', 4) }} as average_sales_cycle_days,
        closed_leads.median_sales_cycle_days,
        {{ average_amount('closed_leads.deal_amount', 'closed_leads.deal_count') }} as average_deal_amount,
        satisfaction.csat_average_score,
        satisfaction.csat_top_two_share,
        satisfaction.nps,
        {{ rate('campaigns.attributed_sales_amount - campaigns.cost_amount', 'campaigns.cost_amount') }} as campaign_roi,
        known_spend.spend_amount as marketing_spend_amount
    from periods
    inner join {{ ref('fct_period_kpis') }} as kpis
        on periods.period_grain = kpis.period_grain and periods.period_start_date = kpis.period_start_date
    inner join {{ ref('fct_sales_trend') }} as trend
        on periods.period_grain = trend.period_grain and periods.period_start_date = trend.period_start_date
    cross join lifetime_values
    {% for relation in ['repeat_customers', 'customers_at_risk', 'known_spend', 'created_leads', 'closed_leads', 'satisfaction', 'campaigns'] -%}
    left join {{ relation }}
        on periods.period_grain = {{ relation }}.period_grain and periods.period_start_date = {{ relation }}.period_start_date
    {% endfor -%}
    left join {{ ref('int_churn_counted') }} as churn
        on periods.period_grain = churn.period_grain and periods.period_start_date = churn.period_start_date
),

-- in hundredths, because the division reads two digits after the point
with_ratio as (
    select
        *,
        {{ rate('customer_lifetime_value * 100', 'customer_acquisition_cost * 100') }} as ltv_to_cac_ratio
    from measured
),

kpi_names as (
    {% for measure in measures -%}
    select '{{ measure }}' as kpi
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- the one row is read once, whatever the engine, not once for each KPI
valued as (
    select
        kpi_names.kpi,
        with_ratio.period_grain,
        with_ratio.period_start_date,
        with_ratio.is_complete,
        case kpi_names.kpi
            {%- for measure in measures %}
            when '{{ measure }}' then cast(with_ratio.{{ measure }} as decimal(24, 6))
            {%- endfor %}
        end as value  -- noqa: RF04
    from with_ratio
    cross join kpi_names
),

-- a target holds from its date on, until the next one of the KPI and grain
targets as (
    select
        *,
        lead(valid_from) over (partition by kpi, period_grain order by valid_from) as valid_to
    from {{ ref('kpi_targets') }}
),

compared as (
    select
        valued.*,
        definitions.unit,
        targets.target,
        targets.direction,
        targets.notes,
        -- an unfinished period is not judged
        case when valued.is_complete then targets.target end as judged_target
    from valued
    left join {{ ref('kpi_definitions') }} as definitions on valued.kpi = definitions.kpi
    left join targets
        on
            valued.kpi = targets.kpi
            and valued.period_grain = targets.period_grain
            and valued.period_start_date >= targets.valid_from
            and (valued.period_start_date < targets.valid_to or targets.valid_to is null)
)

select
    kpi,
    period_grain,
    period_start_date,
    is_complete,
    unit,
    value,
    cast(target as decimal(24, 6)) as target,  -- noqa: RF04
    {{ rate('value * 10000 - judged_target * 10000', 'abs(judged_target) * 10000') }} as variance,
    {{ kpi_status('value', 'judged_target', 'direction') }} as status,
    {{ kpi_is_favourable('value', 'judged_target', 'direction') }} as is_favourable,
    notes
from compared
