{{ config(materialized='table') }}

{{ count_raw_batches(source('crm', 'transaction_lines')) }}
