-- A view, because a run adds its row when every model is built. How long a run took is dbt's word, not a clock of the SQL.
{{ config(materialized='view') }}

select
    run_id,
    command,
    completed_at,
    seconds,
    step_count,
    mart_count,
    failed_count,
    warning_count,
    row_count,
    accepted_count,
    superseded_count,
    rejected_count
from {{ source('kept', 'runs') }}
