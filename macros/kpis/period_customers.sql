{#-
    True where a customer counts in a period: at a VIP sale (or a purchase) or the day of it, where the one before lies in an
    earlier period. So no distinct count is needed, and counts of days add up to every period.
    is_sale         SQL of a condition: whether there is such a sale
    previous_date   SQL of the day of the one before it, NULL where there is none
    period_start    SQL of the first day of the period
    returns         SQL of a condition
-#}
{%- macro is_first_in_period(is_sale, previous_date, period_start) -%}
    {{ return(is_sale ~ ' and coalesce(' ~ previous_date ~ ' < ' ~ period_start ~ ', true)') }}
{%- endmacro -%}

{#-
    True for a customer who is new in a period: the first-ever purchase, VIP sale or not, lies in it.
    first_purchase_date, period_start  SQL of dates
    returns                            SQL of a condition
-#}
{%- macro is_new_in_period(first_purchase_date, period_start) -%}
    {{ return(first_purchase_date ~ ' >= ' ~ period_start) }}
{%- endmacro -%}

{#-
    Return rate and averages of VIP sales, from columns that have to be there: new_customer_count, returning_customer_count,
    vip_sales_amount and new_customer_sales_amount.
    customer_count, purchase_count  names of the columns with the number of customers and purchases, VIP sales only
    returns                         dict of SQL texts: return_rate, average_transaction_amount, average_customer_amount,
                                    average_new_customer_amount, average_returning_customer_amount
-#}
{%- macro vip_averages(customer_count, purchase_count) -%}
    {{ return({
        'return_rate': clientele.rate('returning_customer_count', customer_count),
        'average_transaction_amount': clientele.average_amount('vip_sales_amount', purchase_count),
        'average_customer_amount': clientele.average_amount('vip_sales_amount', customer_count),
        'average_new_customer_amount': clientele.average_amount('new_customer_sales_amount', 'new_customer_count'),
        'average_returning_customer_amount': clientele.average_amount('vip_sales_amount - new_customer_sales_amount', 'returning_customer_count')
    }) }}
{%- endmacro -%}
