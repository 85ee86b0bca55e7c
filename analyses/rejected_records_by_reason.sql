-- Question: what was rejected, and why?
-- Reading:  one row per table and reason, the worst tables first. row_share is of all raw rows of the table: a little
--           dirt is normal, a share that grows from load to load is a broken source. example_key is one to look
--           up in pii.rejected_records, where the rows stand as they came. Reasons are <column>_missing, _invalid,
--           _unknown, _out_of_range, _before_1900, _after_load (later than the load that brought it) or merge_cycle.
-- Marts:    rejected_records, data_quality
with

reasons as (
    select
        table_name,
        reason,
        count(*) as record_count,
        min(nullif(record_key, '')) as example_key
    from {{ ref('rejected_records') }}
    group by table_name, reason
),

table_rows as (
    select
        table_name,
        record_count as row_count
    from {{ ref('data_quality') }}
    where check_name = 'rows'
),

totalled as (
    select
        reasons.*,
        table_rows.row_count,
        sum(reasons.record_count) over (partition by reasons.table_name) as table_record_count
    from reasons
    inner join table_rows on reasons.table_name = table_rows.table_name
)

select
    table_name,
    reason,
    record_count,
    row_count,
    {{ rate('record_count', 'row_count') }} as row_share,
    {{ rate('table_record_count', 'row_count') }} as rejected_share_of_table,
    example_key
from totalled
order by rejected_share_of_table desc, table_name asc, record_count desc, reason asc
