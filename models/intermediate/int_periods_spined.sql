with

days as (
    {{ date_series('first_transaction_date', 'as_of_date', ref('int_as_of')) }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

periods as (
    {% for grain in period_grains() -%}
    select distinct
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'date_day') }} as period_start_date
    from days
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

bounded as (
    select
        period_grain,
        period_start_date,
        case period_grain
            {%- for grain in period_grains() %}
            when '{{ grain }}' then {{ date_plus(date_plus('period_start_date', 7 if grain == 'week' else 1, 'day' if grain == 'week' else grain), -1, 'day') }}
            {%- endfor %}
        end as period_end_date,
        case period_grain
            {%- for grain in period_grains() %}
            when '{{ grain }}' then {{ date_plus('period_start_date', -7 if grain == 'week' else -1, 'day' if grain == 'week' else grain) }}
            {%- endfor %}
        end as previous_period_start_date,
        case
            when period_grain = 'week' then {{ date_plus('period_start_date', -364, 'day') }}
            else {{ date_plus('period_start_date', -1, 'year') }}
        end as previous_year_start_date
    from periods
)

select
    bounded.period_grain,
    bounded.period_start_date,
    bounded.period_end_date,
    bounded.period_end_date <= as_of.as_of_date as is_complete,
    bounded.previous_period_start_date,
    -- 29 February has no day a year before
    case
        when bounded.period_grain = 'week' or {{ date_plus('bounded.previous_year_start_date', 1, 'year') }} = bounded.period_start_date
            then bounded.previous_year_start_date
    end as previous_year_start_date
from bounded
cross join as_of
