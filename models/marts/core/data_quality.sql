with

{% for table in raw_table_names() -%}
{{ table }}_accepted as (
    select
        {% for column in raw_contract(table).get('columns', []) if column.references -%}
        (
            select count(*)
            from {{ ref('stg_crm__' ~ table) }} as referring
            left join {{ ref('stg_crm__' ~ column.references) }} as known
                on referring.{{ column.name }} = known.{{ raw_contract(column.references).key[0] }}
            where referring.{{ column.name }} is not null and known.{{ raw_contract(column.references).key[0] }} is null
        ) as {{ column.name }}_unknown,
        {% endfor -%}
        count(accepted.{{ raw_contract(table).get('key', ['*']) | first }}) as accepted_count
    from {{ ref('stg_crm__' ~ table) }} as accepted
),

{% endfor -%}
-- every check of every table, also of one without rows
checks as (
    select
        listed.table_name,
        listed.check_name
    from (
        values
        {% for table in raw_table_names() -%}
        {%- set tables = loop -%}
        {%- for name in raw_row_checks(table) -%}
        ('{{ table }}', '{{ name }}'){{ ',' if not (loop.last and tables.last) }}
        {% endfor -%}
        {%- endfor -%}
    ) as listed (table_name, check_name)
),

rejected as (
    select
        table_name,
        count(*) filter (where not is_of_erased_customer) as rejected_count,
        count(*) filter (where is_of_erased_customer) as rejected_erased_count,
        count(*) filter (where reason = 'merge_cycle') as merge_cycle_count
    from {{ ref('base_crm__rejected_records') }}
    group by table_name
),

counted as (
    select
        table_name,
        check_name,
        sum(record_count) as record_count
    from {{ ref('base_crm__batch_counts') }}
    group by table_name, check_name
    union all
    select
        table_name,
        'rejected' as check_name,
        rejected_count as record_count
    from rejected
    union all
    select
        table_name,
        'rejected_erased' as check_name,
        rejected_erased_count as record_count
    from rejected
    union all
    select
        table_name,
        'merge_cycle' as check_name,
        merge_cycle_count as record_count
    from rejected
    {% for table in raw_table_names() -%}
    union all
    -- one row a check: a union of all checks would, on some engines, count anew for each
    select
        checks.table_name,
        checks.check_name,
        case checks.check_name
            {%- for name in accepted_row_checks(table) %}
            when '{{ name }}' then {{ table }}_accepted.{{ name }}{{ '_count' if name == 'accepted' }}
            {%- endfor %}
        end as record_count
    from {{ table }}_accepted
    inner join checks
        on
            checks.table_name = '{{ table }}'
            and checks.check_name in (
                {%- for name in accepted_row_checks(table) %}
                '{{ name }}'{{ ',' if not loop.last }}
                {%- endfor %}
            )
    {% endfor %}
),

-- in one reading: some engines would count anew for each reader
counted_by_table as (
    select
        table_name,
        check_name,
        record_count,
        -- an accepted row that is not the latest of its key, and not on a cycle of merges
        sum(
            case
                when check_name = 'valid' then record_count
                when check_name in ('accepted', 'merge_cycle') then -record_count
            end
        ) over (partition by table_name) as superseded_count
    from counted
)

select
    checks.table_name,
    checks.check_name,
    cast(
        coalesce(
            case when checks.check_name = 'superseded' then counted_by_table.superseded_count else counted_by_table.record_count end, 0
        ) as bigint
    ) as record_count
from checks
left join counted_by_table
    on
        checks.table_name = counted_by_table.table_name
        -- which every table has
        and case when checks.check_name = 'superseded' then 'accepted' else checks.check_name end = counted_by_table.check_name
