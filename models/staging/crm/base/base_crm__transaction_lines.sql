{{ judge_raw_rows(source('crm', 'transaction_lines')) }}
