-- Question: do requests pile up, and do customers feel it?
-- Reading:  the last twelve complete months. open_count grows where more comes in than is answered. The median time says what
--           a customer usually waits; where the average is far above it, a few cases wait very long. Satisfaction is that of
--           everyone who answered; two months differ in NPS only where their intervals hardly overlap, so look at the trend
--           and not at one month.
-- Marts:    fct_service_cases, fct_satisfaction
with

months as (
    select *
    from {{ ref('fct_service_cases') }}
    where period_grain = 'month' and is_complete
    order by period_start_date desc
    limit 12
),

schemes as (
    select min(scheme) as scheme from {{ ref('dim_segments') }}
),

-- everyone is the same in both schemes
answers as (
    select satisfaction.*
    from {{ ref('fct_satisfaction') }} as satisfaction
    inner join schemes on satisfaction.scheme = schemes.scheme
    where satisfaction.period_grain = 'month' and satisfaction.segment = 'all'
)

select
    months.period_start_date as month_start_date,
    months.opened_count,
    months.resolved_count,
    months.open_count,
    months.complaint_count,
    months.median_hours_to_resolve,
    months.average_hours_to_resolve,
    csat.response_count as csat_response_count,
    csat.average_score as csat_average_score,
    csat.top_two_share as csat_top_two_share,
    nps.response_count as nps_response_count,
    nps.nps,
    round(cast(nps.nps_low as decimal(18, 6)), 1) as nps_low,
    round(cast(nps.nps_high as decimal(18, 6)), 1) as nps_high
from months
left join answers as csat on months.period_start_date = csat.period_start_date and csat.survey_type = 'csat'
left join answers as nps on months.period_start_date = nps.period_start_date and nps.survey_type = 'nps'
order by months.period_start_date
