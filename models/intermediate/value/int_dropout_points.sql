-- The probability p of dropping out after a purchase is not known, but for a customer with x repeat days who is still there it has the
-- distribution Beta(a, b + x). An average over it is taken at points of u = ln(p / (1 - p)) = centre + scale * sinh(w), w evenly spaced:
-- the trapezoid rule, which on such a grid is exact to twelve digits. Weights are kept as logarithms as long as they can under- or overflow.
{% set point_count = 96 -%}
with

points as (
    select numbers.point_number
    from (
        values
        {%- for number in range(point_count) %}
        ({{ number }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as numbers (point_number)
),

repeat_counts as (
    select distinct
        fitted.purpose,
        measured.repeat_purchase_day_count,
        fitted.a,
        fitted.b + measured.repeat_purchase_day_count as b
    from {{ ref('int_customer_value_measured') }} as measured
    inner join {{ ref('int_customer_value_parameters') }} as fitted on measured.sample_date = fitted.sample_date
),

-- about as wide as the distribution is, but never so wide that what is averaged bends between two points
scaled as (
    select
        *,
        ln((a + 1) / (b + 1)) as centre,
        2 * least(1, sqrt(1 / a + 1 / b)) as scale,
        8 * sqrt(1 / a + 1 / b) as body
    from repeat_counts
),

-- the tails fall like exp(a * u) and exp(-b * u): where they end is not felt in the twelfth digit
reached as (
    select
        *,
        (36 / a + body) / scale as left_reach,
        (36 / b + body) / scale as right_reach
    from scaled
),

bounded as (
    select
        *,
        -ln(left_reach + sqrt(left_reach * left_reach + 1)) as first_w,
        ln(right_reach + sqrt(right_reach * right_reach + 1)) as last_w
    from reached
),

spaced as (
    select
        bounded.*,
        points.point_number,
        bounded.first_w + (bounded.last_w - bounded.first_w) * (points.point_number + 0.5) / {{ point_count }} as w
    from bounded
    cross join points
),

placed as (
    select
        *,
        centre + scale * (exp(w) - exp(-w)) / 2 as u,
        ln((exp(w) + exp(-w)) / 2) as log_spacing
    from spaced
),

-- ln p and ln (1 - p); beyond 36 the other part of the sum is lost in a double
split as (
    select
        *,
        case when u < -36 then u when u > 36 then 0 else -ln(1 + exp(-u)) end as log_dropout,
        case when u > 36 then -u when u < -36 then 0 else -ln(1 + exp(u)) end as log_stay
    from placed
),

weighed as (
    select
        *,
        a * log_dropout + b * log_stay + log_spacing as log_weight
    from split
),

-- decimals, because their sum does not depend on the order of rows
measured as (
    select
        *,
        cast(exp(greatest(
            log_weight - max(log_weight) over (partition by purpose, repeat_purchase_day_count), -600
        )) as decimal(38, 18)) as weight
    from weighed
)

select
    purpose,
    repeat_purchase_day_count,
    point_number,
    exp(greatest(log_dropout, -600)) as dropout_probability,
    cast(weight as {{ type_double() }})
    / cast(sum(weight) over (partition by purpose, repeat_purchase_day_count) as {{ type_double() }}) as weight
from measured
