{#-
    Nothing is lost: the rows of a raw table are the accepted, the superseded and the rejected ones, those of erased
    customers among them. The figures of data_quality are held against the source, the base model, the staging model and
    rejected_records, each counted once more: of the base model the valid rows beyond the first of each key.
    raw_table       source of the raw contract
    judged_table    base model over it
    accepted_table  staging model over it
-#}
{% test accounts_for_every_row(model, raw_table, judged_table, accepted_table) %}
{#- While dbt parses the project there is no contract yet. -#}
{%- set key = raw_contract(raw_table.identifier).get('key', ['1']) %}

with

counts as (
    select
        max(case when check_name = 'rows' then record_count end) as row_count,
        max(case when check_name = 'accepted' then record_count end) as accepted_count,
        max(case when check_name = 'superseded' then record_count end) as superseded_count,
        max(case when check_name = 'rejected' then record_count end) as rejected_count,
        coalesce(max(case when check_name = 'rejected_erased' then record_count end), 0) as rejected_erased_count
    from {{ model }}
    where table_name = '{{ raw_table.identifier }}'
),

raw_rows as (
    select count(*) as raw_row_count from {{ raw_table }}
),

keys as (
    select count(*) - 1 as beyond_the_first
    from {{ judged_table }}
    where rejection_reason is null
    group by {{ key | join(', ') }}
),

superseded_rows as (
    select coalesce(sum(beyond_the_first), 0) as superseded_row_count from keys
),

accepted_rows as (
    select count(*) as accepted_row_count from {{ accepted_table }}
),

rejected_rows as (
    select count(*) as rejected_row_count
    from {{ ref('rejected_records') }}
    where table_name = '{{ raw_table.identifier }}'
)

select
    counts.*,
    raw_rows.raw_row_count,
    superseded_rows.superseded_row_count,
    accepted_rows.accepted_row_count,
    rejected_rows.rejected_row_count
from counts
cross join raw_rows
cross join superseded_rows
cross join accepted_rows
cross join rejected_rows
where
    counts.row_count is distinct from raw_rows.raw_row_count
    or counts.superseded_count is distinct from superseded_rows.superseded_row_count
    or counts.accepted_count is distinct from accepted_rows.accepted_row_count
    or counts.rejected_count is distinct from rejected_rows.rejected_row_count
    or counts.row_count is distinct from
    counts.accepted_count + counts.superseded_count + counts.rejected_count + counts.rejected_erased_count

{% endtest %}
