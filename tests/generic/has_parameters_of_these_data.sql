{#-
    Fails with each purpose whose parameters were fitted on other data, are more than a year old or, for predictions, are
    missing. Data are the same where the purchases up to the day of the fit have the fingerprint they had then: days that
    came later do no harm. Without customers there is nothing to predict.
    dates       the model int_customer_value_dates
    parameters  the seed customer_value_parameters
-#}
{% test has_parameters_of_these_data(model, dates, parameters) %}

{%- set findings -%}
select
    dates.purpose,
    dates.fitted_as_of,
    case
        when dates.fitted_as_of is null then 'are missing'
        when parameters.data_fingerprint is distinct from fingerprints.data_fingerprint then 'were fitted on other data'
        else 'are more than a year old'
    end as finding
from {{ dates }} as dates
left join {{ parameters }} as parameters on dates.purpose = parameters.purpose
left join {{ model }} as fingerprints on dates.fitted_as_of = fingerprints.sample_date
where
    (dates.fitted_as_of is null and dates.purpose = 'prediction')
    or (
        dates.fitted_as_of is not null
        and (
            parameters.data_fingerprint is distinct from fingerprints.data_fingerprint
            or {{ date_plus('dates.fitted_as_of', 1, 'year') }} < dates.fit_date
        )
    )
{%- endset -%}

{#- dbt reports how many rows a test finds, not what is in them, so it is said here. -#}
{%- if execute and flags.WHICH in ['build', 'test'] -%}
    {%- for row in run_query(findings) -%}
        {%- do exceptions.warn('The parameters of customer value (seed customer_value_parameters, ' ~ row[0] ~ ') ' ~ row[2] ~ ': run `make fit` to fit them on this database.') -%}
    {%- endfor -%}
{%- endif -%}
{{ findings }}

{% endtest %}
