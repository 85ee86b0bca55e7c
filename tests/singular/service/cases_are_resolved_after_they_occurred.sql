-- Cases that were resolved before they came.
select
    interaction_id,
    occurred_at,
    resolved_at
from {{ ref('int_interactions_classified') }}
where is_case and is_resolved_before_occurred
