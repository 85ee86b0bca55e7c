-- Question: in which segments do campaigns pay, and where are they wasted?
-- Reading:  one row per scheme and segment over all campaigns with a cost and customers of the segment in both arms, the best
--           return first. Customers are in the segment they were in on the day before the first contact; `unscored` had not bought
--           yet. Incremental sales are worked out campaign by campaign, so that large campaigns with few control customers do
--           not tilt the comparison. A customer contacted by three campaigns counts three times.
-- Marts:    fct_campaign_performance, dim_segments
with

comparable as (
    select * from {{ ref('fct_campaign_performance') }}
    where incremental_sales_amount is not null and cost_amount > 0 and segment <> 'all'
)

select
    comparable.scheme,
    comparable.segment,
    count(*) as campaign_count,
    sum(comparable.contacted_count) as contacted_count,
    sum(comparable.control_count) as control_count,
    {{ rate('sum(comparable.clicked_count)', 'sum(comparable.contacted_count)') }} as click_rate,
    {{ rate('sum(comparable.unsubscribed_count)', 'sum(comparable.contacted_count)') }} as unsubscribe_rate,
    sum(comparable.incremental_sales_amount) as incremental_sales_amount,
    {{ average_amount('sum(comparable.incremental_sales_amount)', 'sum(comparable.contacted_count)') }} as average_incremental_amount,
    sum(comparable.cost_amount) as cost_amount,
    {{ rate('sum(comparable.incremental_sales_amount) - sum(comparable.cost_amount)', 'sum(comparable.cost_amount)') }} as incremental_roi,
    {{ rate('sum(comparable.attributed_sales_amount) - sum(comparable.cost_amount)', 'sum(comparable.cost_amount)') }} as roi
from comparable
left join {{ ref('dim_segments') }} as segments
    on comparable.scheme = segments.scheme and comparable.segment = segments.segment
group by comparable.scheme, comparable.segment, segments.display_order
order by comparable.scheme asc, incremental_roi desc, comparable.segment asc
