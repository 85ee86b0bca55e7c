{#-
    Purchase days expected within a horizon of a customer who is still there, if the probability of dropping out after a
    purchase is known: (1 - (1 + p * reach) ^ -shape) / p. Where p * reach is small the difference would lose its digits and
    the first terms of its series take its place.
    dropout  SQL of a double, the probability p, above 0
    shape    SQL of a double, r + x: the shape of the customer's purchase rate
    reach    SQL of a double, t / (alpha + T): the horizon over the scale of the customer's purchase rate
    returns  SQL text of a double
-#}
{%- macro purchases_given_dropout(dropout, shape, reach) -%}
    {%- set w = '(' ~ dropout ~ ' * ' ~ reach ~ ')' -%}
    {{ return('case when (' ~ shape ~ ' + 1) * ' ~ w ~ ' < 0.001 '
        ~ 'then ' ~ shape ~ ' * ' ~ reach ~ ' * (1 - (' ~ shape ~ ' + 1) * ' ~ w ~ ' / 2 * (1 - (' ~ shape ~ ' + 2) * ' ~ w ~ ' / 3 * (1 - (' ~ shape ~ ' + 3) * ' ~ w ~ ' / 4))) '
        ~ 'else (1 - exp(greatest(-' ~ shape ~ ' * ln(1 + ' ~ w ~ '), -600))) / ' ~ dropout ~ ' end') }}
{%- endmacro -%}
