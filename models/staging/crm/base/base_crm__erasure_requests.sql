{{ judge_raw_rows(source('crm', 'erasure_requests')) }}
