{{ config(materialized='table') }}

{{ count_raw_batches(source('crm', 'campaign_contacts')) }}
