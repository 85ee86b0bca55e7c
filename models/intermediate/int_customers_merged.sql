with

customers as (
    select * from {{ ref('stg_crm__customers') }}
),

canonical as (
    select * from {{ ref('base_crm__canonical_customers') }}
),

merged_rows as (
    select
        customers.*,
        coalesce(canonical.canonical_customer_id, customers.customer_id) as canonical_customer_id,
        -- nothing outside staging names an erased customer
        case when not coalesce(canonical.is_erased, false) then customers.customer_id end as attribute_customer_id
    from customers
    left join canonical on customers.customer_id = canonical.customer_id
),

-- Hardly any customer has duplicates: only those that have are put in order and added up.
merged_groups as (
    select
        canonical_customer_id,
        min(loyalty_joined_at) as loyalty_joined_at,
        min(case email_opt_in when false then 0 when true then 1 end) = 1 as email_opt_in,
        min(case sms_opt_in when false then 0 when true then 1 end) = 1 as sms_opt_in
    from merged_rows
    group by canonical_customer_id
    having count(*) > 1
),

ranked_rows as (
    select
        merged_rows.*,
        row_number() over (
            partition by merged_rows.canonical_customer_id
            order by
                case when merged_rows.customer_id = merged_rows.canonical_customer_id then 0 else 1 end asc,
                merged_rows.updated_at desc nulls last,
                merged_rows.loaded_at desc nulls last,
                merged_rows.customer_id asc
        ) as preference
    from merged_rows
    inner join merged_groups on merged_rows.canonical_customer_id = merged_groups.canonical_customer_id
)

{% set attributes = ['gender', 'city', 'region', 'country', 'preferred_channel', 'acquisition_source'] -%}
select
    merged_rows.canonical_customer_id as customer_id,
    merged_rows.attribute_customer_id,
    {% for attribute in attributes -%}
    merged_rows.{{ attribute }},
    {% endfor -%}
    merged_rows.loyalty_joined_at,
    merged_rows.email_opt_in,
    merged_rows.sms_opt_in
from merged_rows
left join merged_groups on merged_rows.canonical_customer_id = merged_groups.canonical_customer_id
where merged_groups.canonical_customer_id is null
union all
select
    ranked_rows.canonical_customer_id as customer_id,
    ranked_rows.attribute_customer_id,
    {% for attribute in attributes -%}
    ranked_rows.{{ attribute }},
    {% endfor -%}
    merged_groups.loyalty_joined_at,
    merged_groups.email_opt_in,
    merged_groups.sms_opt_in
from ranked_rows
inner join merged_groups on ranked_rows.canonical_customer_id = merged_groups.canonical_customer_id
where ranked_rows.preference = 1
