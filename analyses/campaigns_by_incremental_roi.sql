-- Question: which campaigns earn more than they cost, beyond what would have been bought anyway?
-- Reading:  one row per campaign with a cost and customers in both arms, the best return first. The interval is of 95 %: it comes
--           from how much the sales of single customers differ. is_proven says that even its lower end is above 0;
--           is_disproven that even its upper end is below 0. Most campaigns are neither: their control group is too small to
--           tell. roi beside it is the return by attribution, which counts sales that would have come without the campaign.
-- Marts:    fct_campaign_performance, dim_campaigns; int_campaign_customers for the spread of sales
with

spreads as (
    select
        campaign_id,
        cast(count(*) filter (where not is_control) as {{ type_double() }}) as contacted_count,
        cast(count(*) filter (where is_control) as {{ type_double() }}) as control_count,
        cast(var_samp(sales_amount) filter (where not is_control) as {{ type_double() }}) as contacted_variance,
        cast(var_samp(sales_amount) filter (where is_control) as {{ type_double() }}) as control_variance
    from {{ ref('int_campaign_customers') }}
    group by campaign_id
),

-- an arm of one customer has no spread
margins as (
    select
        campaign_id,
        1.959964 * contacted_count * sqrt(
            contacted_variance / nullif(contacted_count, 0) + control_variance / nullif(control_count, 0)
        ) as incremental_sales_margin
    from spreads
),

returns as (
    select
        performance.*,
        campaigns.campaign_name,
        campaigns.channel,
        (performance.incremental_sales_amount - performance.cost_amount - margins.incremental_sales_margin)
        / performance.cost_amount as incremental_roi_low,
        (performance.incremental_sales_amount - performance.cost_amount + margins.incremental_sales_margin)
        / performance.cost_amount as incremental_roi_high
    from {{ ref('fct_campaign_performance') }} as performance
    inner join {{ ref('dim_campaigns') }} as campaigns on performance.campaign_id = campaigns.campaign_id
    inner join margins on performance.campaign_id = margins.campaign_id
    where
        performance.scheme = 'customer_360'
        and performance.segment = 'all'
        and performance.incremental_roi is not null
        and performance.cost_amount > 0
)

select
    campaign_id,
    campaign_name,
    channel,
    contacted_count,
    control_count,
    lift,
    lift_low,
    lift_high,
    cost_amount,
    incremental_sales_amount,
    incremental_roi,
    incremental_roi_low,
    incremental_roi_high,
    roi,
    coalesce(incremental_roi_low > 0, false) as is_proven,
    coalesce(incremental_roi_high < 0, false) as is_disproven
from returns
order by incremental_roi desc, campaign_id asc
