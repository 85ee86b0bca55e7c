"""Reference implementation of churn, revenue tree and second purchase; see ``oracle``.

Readings: what the definitions leave open, and how it is read here
------------------------------------------------------------------
 1. Churn counts identified purchases under either vip_definition; a customer is active on a day E
    by a purchase on one of the ``churn_days`` days that end with E.
 2. The month's column is ``month_start_date``. The first month opens with 0.
 3. Who was active neither at the opening nor at the closing is in no count, though they may have
    bought in the month (only where ``churn_days`` is shorter than the month).
 4. Revenue tree: a period "has no sales" when it has no VIP sale. vip_sales_amount_change is NULL
    wherever its three parts are, so that the parts always sum to it. purchases_per_customer has six
    digits. The part that is the remainder is transaction_value_effect_amount.
 5. Second purchase: the column of the 30, 60 and 90 days is ``days``. A cohort's customers are
    observed for so many days when first purchase + days <= D. The second purchase is the second
    transaction by transacted_at and transaction_id, and counts by local days since the first.
The sales forecast is left out.
"""

from decimal import Decimal
from fractions import Fraction
from itertools import permutations

import oracle

WINDOWS = [30, 60, 90]
CHURN_COUNTS = (
    "opening_customer_count new_customer_count reactivated_customer_count "
    "churned_customer_count closing_customer_count"
)
EFFECTS = ["customer_effect_amount", "frequency_effect_amount", "transaction_value_effect_amount"]

MART_COLUMNS = {
    "fct_customer_churn": f"month_start_date is_complete {CHURN_COUNTS} churn_rate",
    "fct_revenue_tree": "period_grain period_start_date is_complete customer_count "
    "purchases_per_customer average_transaction_amount vip_sales_amount vip_sales_amount_change "
    + " ".join(EFFECTS),
    "fct_second_purchase": "cohort_month days cohort_size observed_customer_count "
    "second_purchase_count second_purchase_rate",
}


# --------------------------------------------------------------------------------------------------
# Churn
# --------------------------------------------------------------------------------------------------
def is_active(buyer: oracle.Buyer, day, churn_days: int) -> bool:
    """Tell whether the customer bought on one of the days that end with a day."""
    last = buyer.last_purchase_day(day)
    return last is not None and (day - last).days < churn_days


def count_churn(basis: oracle.Basis, grain: str) -> dict:
    """Opening, new, reactivated, churned and closing customers of every period."""
    counts = {}
    for start in basis.periods(grain):
        end = basis.last_known_day(grain, start)
        found = dict.fromkeys(CHURN_COUNTS.split(), 0)
        for buyer in basis.buyers.values():
            before, after = (
                is_active(buyer, day, basis.variables["churn_days"])
                for day in (start - oracle.ONE_DAY, end)
            )
            found["opening_customer_count"] += before
            found["closing_customer_count"] += after
            found["churned_customer_count"] += before and not after
            is_new = buyer.days[0] >= start
            found["new_customer_count"] += after and not before and is_new
            found["reactivated_customer_count"] += after and not before and not is_new
        counts[start] = found | {
            "churn_rate": oracle.divide(
                found["churned_customer_count"], found["opening_customer_count"], 6
            )
        }
    return counts


def build_customer_churn(basis: oracle.Basis) -> list[dict]:
    """One row per month."""
    return [
        {
            "month_start_date": start,
            "is_complete": oracle.is_complete("month", start, basis.as_of),
        }
        | found
        for start, found in count_churn(basis, "month").items()
    ]


# --------------------------------------------------------------------------------------------------
# Revenue tree
# --------------------------------------------------------------------------------------------------
def share_out(before: list[Fraction], after: list[Fraction]) -> list[Fraction]:
    """Change of a product given to its factors, each order of changing them counting alike."""

    def product(factors: list[Fraction]) -> Fraction:
        return factors[0] * factors[1] * factors[2]

    orders = list(permutations(range(3)))
    parts = [Fraction(0)] * 3
    for order in orders:
        current = list(before)
        for position in order:
            earlier = product(current)
            current[position] = after[position]
            parts[position] += (product(current) - earlier) / len(orders)
    return parts


def factors_of(vip_sales: list[dict]) -> list[Fraction]:
    """Customers, purchases of each and amount of each purchase."""
    customers = len({sale["customer_id"] for sale in vip_sales})
    amount = Fraction(oracle.amounts(vip_sales))
    return [
        Fraction(customers),
        Fraction(len(vip_sales), customers),
        amount / len(vip_sales),
    ]


def explain_change(before: list[dict], after: list[dict]) -> dict:
    """Change of the sales of two periods in three parts that sum to it."""
    change = oracle.amounts(after) - oracle.amounts(before)
    parts: list[Decimal] = [
        oracle.round_half_away(part, 2)
        for part in share_out(factors_of(before), factors_of(after))[:2]
    ]
    parts.append(change - sum(parts))
    return {"vip_sales_amount_change": change} | dict(zip(EFFECTS, parts, strict=True))


def build_revenue_tree(basis: oracle.Basis) -> list[dict]:
    """Sales of every period as a product, and what changed them."""
    rows = []
    for grain in oracle.GRAINS:
        groups = oracle.group_by_period(grain, basis.transactions, basis.as_of)
        vip_sales_of = {
            start: [t for t in events if t["is_vip_sale"]] for start, events in groups.items()
        }
        for start, vip_sales in vip_sales_of.items():
            customers = len({sale["customer_id"] for sale in vip_sales})
            earlier = oracle.shift_period(grain, start, -1)
            complete = oracle.is_complete(grain, start, basis.as_of)
            row = {
                "period_grain": grain,
                "period_start_date": start,
                "is_complete": complete,
                "customer_count": customers,
                "purchases_per_customer": oracle.divide(len(vip_sales), customers, 6),
                "average_transaction_amount": oracle.divide(
                    oracle.amounts(vip_sales), len(vip_sales), 4
                ),
                "vip_sales_amount": oracle.amounts(vip_sales),
            } | dict.fromkeys(["vip_sales_amount_change", *EFFECTS])
            # a period before a complete one is complete
            if complete and vip_sales and vip_sales_of.get(earlier):
                row |= explain_change(vip_sales_of[earlier], vip_sales)
            rows.append(row)
    return rows


# --------------------------------------------------------------------------------------------------
# Second purchase
# --------------------------------------------------------------------------------------------------
def build_second_purchase(basis: oracle.Basis) -> list[dict]:
    """How many customers of each first month came back within so many days."""
    cohorts = {}
    for buyer in basis.buyers.values():
        in_order = sorted(
            buyer.purchases, key=lambda sale: (sale["transacted_at"], sale["transaction_id"])
        )
        dates = [sale["transaction_date"] for sale in in_order]
        gap = (dates[1] - dates[0]).days if len(dates) > 1 else None
        month = oracle.period_start("month", dates[0])
        cohorts.setdefault(month, []).append((dates[0], gap))
    rows = []
    for month, members in cohorts.items():
        for days in WINDOWS:
            observed = [gap for first, gap in members if (basis.as_of - first).days >= days]
            came_back = sum(gap is not None and gap <= days for gap in observed)
            rows.append(
                {
                    "cohort_month": month,
                    "days": days,
                    "cohort_size": len(members),
                    "observed_customer_count": len(observed),
                    "second_purchase_count": came_back,
                    "second_purchase_rate": oracle.divide(came_back, len(observed), 6),
                }
            )
    return rows


def build(basis: oracle.Basis) -> dict[str, list[dict]]:
    """Rows of the marts of growth."""
    return {
        "fct_customer_churn": build_customer_churn(basis),
        "fct_revenue_tree": build_revenue_tree(basis),
        "fct_second_purchase": build_second_purchase(basis),
    }
