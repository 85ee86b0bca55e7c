-- Sales = customers x purchases of each x amount of each purchase. What a factor has changed depends on the order in which
-- the factors are changed one after another; here it is the average over all six orders. Six times that average is a sum of
-- sales as they would have been with some factors of the period and the others of the one before. Each of these is a
-- fraction of counts and cents, so they are added up as whole numbers and rounded once.
with

kpis as (
    select
        kpis.*,
        periods.previous_period_start_date
    from {{ ref('fct_period_kpis') }} as kpis
    inner join {{ ref('int_periods_spined') }} as periods
        on
            kpis.period_grain = periods.period_grain
            and kpis.period_start_date = periods.period_start_date
),

compared as (
    select
        kpis.period_grain,
        kpis.period_start_date,
        kpis.is_complete,
        kpis.customer_count,
        kpis.purchase_count,
        kpis.vip_sales_amount,
        {{ whole_number('kpis.customer_count') }} as new_customers,
        {{ whole_number('kpis.purchase_count') }} as new_purchases,
        {{ cents('kpis.vip_sales_amount') }} as new_cents,
        {{ whole_number('earlier.customer_count') }} as old_customers,
        {{ whole_number('earlier.purchase_count') }} as old_purchases,
        {{ cents('earlier.vip_sales_amount') }} as old_cents
    from kpis
    -- an incomplete period is compared with nothing, and nothing with it
    left join kpis as earlier
        on
            kpis.is_complete
            and earlier.is_complete
            and kpis.period_grain = earlier.period_grain
            and kpis.previous_period_start_date = earlier.period_start_date
),

-- Numerators of the sales as they would have been; the name says which factors are the new ones. Those with the new number
-- of customers or with the new amount alone, and with both, are over old customers x new purchases; the others, all with
-- the new frequency, are over new customers x old purchases.
mixed as (
    select
        period_grain,
        period_start_date,
        2 * (new_cents - old_cents) as twice_the_change,
        old_customers * new_purchases as first_denominator,
        new_customers * new_purchases * old_cents as with_customers,
        old_customers * old_purchases * new_cents as with_amount,
        new_customers * old_purchases * new_cents as with_customers_and_amount,
        new_customers * old_purchases as second_denominator,
        old_customers * new_purchases * old_cents as with_frequency,
        new_customers * new_purchases * old_cents as with_customers_and_frequency,
        old_customers * old_purchases * new_cents as with_frequency_and_amount
    from compared
    where new_purchases > 0 and old_purchases > 0
),

-- six times the effects, each a whole number and two fractions
effects as (
    select
        period_grain,
        period_start_date,
        'customers' as factor,
        twice_the_change as whole_part,
        2 * with_customers + with_customers_and_amount - with_amount as first_numerator,
        first_denominator,
        with_customers_and_frequency - with_frequency - 2 * with_frequency_and_amount as second_numerator,
        second_denominator
    from mixed
    union all
    select
        period_grain,
        period_start_date,
        'frequency' as factor,
        twice_the_change as whole_part,
        -with_customers - with_amount - 2 * with_customers_and_amount as first_numerator,
        first_denominator,
        2 * with_frequency + with_customers_and_frequency + with_frequency_and_amount as second_numerator,
        second_denominator
    from mixed
),

-- whole numbers and what is left of the fractions, which together may make one more, or one less
summed as (
    select
        period_grain,
        period_start_date,
        factor,
        whole_part
        + {{ whole_quotient('first_numerator', 'first_denominator') }}
        + {{ whole_quotient('second_numerator', 'second_denominator') }} as whole_part,
        first_numerator % first_denominator * second_denominator
        + second_numerator % second_denominator * first_denominator as rest_numerator,
        first_denominator * second_denominator as rest_denominator
    from effects
),

carried as (
    select
        period_grain,
        period_start_date,
        factor,
        whole_part + {{ whole_quotient('rest_numerator', 'rest_denominator') }} as whole_part,
        sign(rest_numerator % rest_denominator) as rest_sign
    from summed
),

-- Half a cent is rounded away from zero: three sixths more, the fraction left out. A fraction of the other sign takes the
-- whole number one nearer to zero.
rounded as (
    select
        period_grain,
        period_start_date,
        factor,
        {{ whole_number('sign(whole_part)') }} * {{ whole_quotient(
            'abs(whole_part) - case when sign(whole_part) * rest_sign < 0 then 1 else 0 end + 3', 6
        ) }} as effect_cents
    from carried
),

effect_cents as (
    select
        period_grain,
        period_start_date,
        max(case when factor = 'customers' then effect_cents end) as customer_cents,
        max(case when factor = 'frequency' then effect_cents end) as frequency_cents
    from rounded
    group by period_grain, period_start_date
),

-- the third one is what the two leave, so that the three add up to the change
split as (
    select
        compared.*,
        effect_cents.customer_cents,
        effect_cents.frequency_cents,
        compared.new_cents - compared.old_cents
        - effect_cents.customer_cents - effect_cents.frequency_cents as transaction_value_cents
    from compared
    left join effect_cents
        on
            compared.period_grain = effect_cents.period_grain
            and compared.period_start_date = effect_cents.period_start_date
),

judged as (
    select
        *,
        -- all or none: one with more than 18 digits could not be shown
        coalesce(
            greatest(abs(customer_cents), abs(frequency_cents), abs(transaction_value_cents)) < 1000000000000000000, false
        ) as has_effects
    from split
)

select
    period_grain,
    period_start_date,
    is_complete,
    customer_count,
    purchase_count,
    {{ rate('purchase_count', 'customer_count') }} as purchases_per_customer,
    {{ average_amount('vip_sales_amount', 'purchase_count') }} as average_transaction_amount,
    vip_sales_amount,
    case when has_effects then {{ money_of_cents('new_cents - old_cents') }} end as vip_sales_amount_change,
    case when has_effects then {{ money_of_cents('customer_cents') }} end as customer_effect_amount,
    case when has_effects then {{ money_of_cents('frequency_cents') }} end as frequency_effect_amount,
    case when has_effects then {{ money_of_cents('transaction_value_cents') }} end as transaction_value_effect_amount
from judged
