-- counted anew from the leads: averages and medians of sources do not add up to those of all
{{ lead_funnel([]) }}
