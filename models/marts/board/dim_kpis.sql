select
    kpi,
    label,
    unit,
    cast(display_order as integer) as display_order,
    definition
from {{ ref('kpi_definitions') }}
