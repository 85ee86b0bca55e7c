{{ judge_raw_rows(source('crm', 'branches')) }}
