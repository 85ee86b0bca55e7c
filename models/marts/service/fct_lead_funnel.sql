{{ lead_funnel(['source', 'owner']) }}
