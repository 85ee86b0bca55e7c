{{ judge_raw_rows(source('crm', 'campaign_contacts')) }}
