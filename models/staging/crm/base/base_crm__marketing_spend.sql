{{ judge_raw_rows(source('crm', 'marketing_spend')) }}
