{% snapshot dim_customers_history %}

{{ config(
    strategy='check',
    unique_key='customer_id',
    check_cols='all',
    hard_deletes='invalidate',
    snapshot_meta_column_names={
        'dbt_valid_from': 'valid_from_date',
        'dbt_valid_to': 'valid_to_date',
        'dbt_updated_at': 'recorded_as_of_date',
        'dbt_scd_id': 'customer_version_id'
    },
    pre_hook=[
        '{{ forget_erased_customers() }}',
        '{{ take_back_rows_of_day() }}',
        '{{ take_back_ends_of_day() }}'
    ],
    post_hook='{{ remember_day() }}'
) }}

select
    customers.customer_id,
    customers.{{ kept_attributes() | join(',\n    customers.') }}
from {{ ref('dim_customers') }} as customers
cross join {{ ref('int_as_of') }} as as_of
where
    not customers.is_erased
    and as_of.as_of_date >= coalesce({{ last_day_kept() }}, as_of.as_of_date)
{% if is_snapshot_there() %}
-- as of an earlier day, or of none, the history stays what it is
union all
select
    kept.customer_id,
    kept.{{ kept_attributes() | join(',\n    kept.') }}
from {{ this }} as kept
cross join {{ ref('int_as_of') }} as as_of
where
    kept.valid_to_date is null
    and coalesce(as_of.as_of_date < {{ last_day_kept() }}, true)
{% endif %}

{% endsnapshot %}
