-- Every branch of the two macros of the board on values written out: 500 against 400 is Achieved, a churn of 5 % against
-- 10 % is Below Target and good news.
with

cases as (
    select listed.*
    from (
        values
        (500.0, 400.0, 'higher', 'Achieved', true),
        (400.0, 400.0, 'higher', 'Achieved', true),
        (399.9, 400.0, 'higher', 'Below Target', false),
        (0.05, 0.1, 'lower', 'Below Target', true),
        (0.1, 0.1, 'lower', 'Achieved', true),
        (0.11, 0.1, 'lower', 'Above Target', false),
        (-5.0, 0.0, 'higher', 'Below Target', false),
        (null, 400.0, 'higher', null, null),
        (500.0, null, 'higher', null, null),
        (500.0, 400.0, null, null, null)
    ) as listed (value, target, direction, expected_status, expected_favour)
),

judged as (
    select
        *,
        {{ kpi_status('value', 'target', 'direction') }} as status,
        {{ kpi_is_favourable('value', 'target', 'direction') }} as is_favourable
    from cases
)

select *
from judged
where status is distinct from expected_status or is_favourable is distinct from expected_favour
