{{ judge_raw_rows(source('crm', 'customer_merges')) }}
