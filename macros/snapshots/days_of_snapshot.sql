{#-
    A snapshot by days of D, never by the wall clock, so that the same builds give the same history. Of several builds as of
    one day the last one stands: what the day has written is taken back first, then the snapshot compares anew. A build as
    of a day before the last one kept changes nothing.
    Each hook is one statement without a subquery in `delete` and `update`, as Delta knows none there.
-#}

{#- What dbt takes for the time of a change: D. Overrides dbt's own, which is the wall clock. -#}
{%- macro snapshot_get_time() -%}
    (select as_of_date from {{ ref('int_as_of') }})
{%- endmacro -%}

{#-
    Names of the attributes of dim_customers that no other history tells. What follows from D (age, tenure, figures, scores)
    is not among them: it changes by itself.
-#}
{%- macro kept_attributes() -%}
    {{ return([
        'gender',
        'city',
        'region',
        'country',
        'preferred_channel',
        'acquisition_source',
        'is_loyalty_member',
        'loyalty_joined_at',
        'email_opt_in',
        'sms_opt_in'
    ]) }}
{%- endmacro -%}

{#- Whether an earlier build has made the snapshot that asks; a full refresh keeps it. What only shows its query shows the first build's. -#}
{%- macro is_snapshot_there() -%}
    {{ return(execute and clientele.is_build() and load_cached_relation(this) is not none) }}
{%- endmacro -%}

{#- SQL of the last day D as of which the snapshot was kept; NULL before the first. Its own days tell where the note of it is lost. -#}
{%- macro last_day_kept() -%}
    (
        select max(days.kept_day)
        from (
            select max(raw_batch) as kept_day from {{ source('kept', 'batches_read') }} where model_name = '{{ this.identifier }}'
            {%- if clientele.is_snapshot_there() %}
            union all
            select max(valid_from_date) from {{ this }}
            union all
            select max(valid_to_date) from {{ this }}
            {%- endif %}
        ) as days
    )
{%- endmacro -%}

{#- Takes the rows of erased customers out, of whatever day they are. A pre-hook. -#}
{%- macro forget_erased_customers() -%}
    {%- set erased = ref('base_crm__canonical_customers') -%}
    {%- if clientele.is_snapshot_there() -%}
    merge into {{ this }} as history
    using (select customer_id from {{ erased }} where is_erased) as erased_customers
        on history.customer_id = erased_customers.customer_id
    when matched then delete
    {%- endif -%}
{%- endmacro -%}

{#- Takes back the rows that an earlier build as of the same day has begun. A pre-hook. -#}
{%- macro take_back_rows_of_day() -%}
    {%- set day = clientele.day_to_take_back() -%}
    {%- if day -%}
    delete from {{ this }} where valid_from_date = cast('{{ day }}' as date)
    {%- endif -%}
{%- endmacro -%}

{#- Takes back the ends that an earlier build as of the same day has set. A pre-hook. -#}
{%- macro take_back_ends_of_day() -%}
    {%- set day = clientele.day_to_take_back() -%}
    {%- if day -%}
    update {{ this }} set valid_to_date = null where valid_to_date = cast('{{ day }}' as date)
    {%- endif -%}
{%- endmacro -%}

{#- D where the snapshot was last kept as of it; otherwise none. -#}
{%- macro day_to_take_back() -%}
    {%- set as_of = ref('int_as_of') -%}
    {%- if clientele.is_snapshot_there() -%}
        {%- set day, last_day = run_query('select as_of_date, ' ~ clientele.last_day_kept() ~ ' from ' ~ as_of)[0].values() -%}
        {{ return(day if day == last_day) }}
    {%- endif -%}
{%- endmacro -%}

{#- Notes the day D as of which the snapshot was kept, in the transaction that changed it; says so where it was not. A post-hook. -#}
{%- macro remember_day() -%}
    {%- set as_of, days = ref('int_as_of'), source('kept', 'batches_read') -%}
    {%- if execute -%}
        {%- set day, last_day = run_query('select as_of_date, ' ~ clientele.last_day_kept() ~ ' from ' ~ as_of)[0].values() -%}
        {%- if last_day and (not day or day < last_day) -%}
            {%- do print('clientele: ' ~ this.identifier ~ ' was last kept as of ' ~ last_day ~ ' and stays as it is in this build, which is as of ' ~ (day or 'no day') ~ '.') -%}
        {%- endif -%}
    insert into {{ days }} (model_name, table_name, raw_batch)
    select '{{ this.identifier }}', 'dim_customers', as_of_date
    from {{ as_of }}
    where
        as_of_date >= coalesce({{ clientele.last_day_kept() }}, as_of_date)
        and as_of_date not in (select raw_batch from {{ days }} where model_name = '{{ this.identifier }}')
    {%- endif -%}
{%- endmacro -%}
