"""Reference implementation of ``fct_kpi_board``; see ``oracle`` for its manner.

Left out are ``customer_lifetime_value`` and ``ltv_to_cac_ratio``, which need the model of customer
value.

Readings: what the definitions leave open, and how it is read here
------------------------------------------------------------------
 1. Every KPI has a row for every month, quarter and year from the first purchase or refund to D,
    with or without a target and with or without a value.
 2. Averages of money, of days and of scores, and nps, are rounded to four digits as everywhere
    else and then stand with six; rates and ratios have six. cac_payback_months is worked out from
    the unrounded amounts and rounded once; it is NULL where net sales or new customers are 0.
 3. KPIs that are read from another mart (crm_sales_share, campaign_roi ...) read its columns as
    they stand there. new_customer_count is that of ``fct_period_kpis`` (VIP sales), in
    customer_acquisition_cost too.
 4. repeat_purchase_rate counts transactions: two VIP purchases on one day are two.
 5. Sums are 0 where there is nothing to add up: no spend makes marketing_spend_amount 0 and
    customer_acquisition_cost 0 (NULL without new customers), unless no spend at all is known up to
    D: then all three are NULL. Amounts below 0 are left out, everywhere.
 6. campaign_roi: campaigns that ``fct_campaign_performance`` lists, with a cost above 0, whose
    ends_on lies in the period, not later than D and not before starts_on.
 7. Leads closed before they were created count in sales_conversion_rate and average_deal_amount,
    by the day they closed; their cycle does not.
 8. lead_conversion_rate counts a lead of the period as won when it is won by D, whenever that is.
 9. A target applies from the latest valid_from <= the period's first day; without valid_from it is
    older than every other. Its target and notes stand in the row even where the status is NULL.
10. variance is NULL where the status is, so in an unfinished period, and at a target of 0.
    Value and target are compared as they stand, with six digits.
11. is_favourable is NULL with the status, and true for ``Achieved``.
"""

from collections import Counter
from datetime import date
from decimal import Decimal

import oracle
import oracle_growth
import oracle_service

GRAINS = {"month": 1, "quarter": 3, "year": 12}
AT_RISK = {"Needs Attention", "At Risk", "Previously Loyal", "Almost Lost"}
LEFT_OUT = ["customer_lifetime_value", "ltv_to_cac_ratio"]

MART_COLUMNS = {
    "fct_kpi_board": "kpi period_grain period_start_date value target variance status "
    "is_favourable notes",
}


def to_six_digits(value) -> Decimal | None:
    """A value as the board holds it."""
    return None if value is None else oracle.divide(Decimal(value), 1, 6)


def count_at_risk(basis: oracle.Basis, day: date) -> int:
    """Customers whose segment at the end of a day is one of those at risk."""
    scores = [buyer.scores_on(day) for buyer in basis.buyers.values()]
    return sum(
        oracle.segment_of("crm_dashboard", *found) in AT_RISK
        for found in scores
        if found is not None
    )


def measure_leads(leads: list[dict], created: list[dict], closed: list[dict]) -> dict:
    """KPIs of the leads created and of those closed in a period."""
    won = [lead for lead in closed if lead["status"] == "won"]
    cycles = [lead["sales_cycle_days"] for lead in won if lead["sales_cycle_days"] is not None]
    return {
        "lead_conversion_rate": oracle.divide(
            sum(lead["status"] == "won" for lead in created), len(created), 6
        ),
        "sales_conversion_rate": oracle.divide(len(won), len(closed), 6),
        "average_sales_cycle_days": oracle_service.average(cycles),
        "median_sales_cycle_days": oracle_service.median(cycles),
        "average_deal_amount": oracle_service.average(oracle_service.known_amounts(won)),
    }


def measure_surveys(responses: list[dict]) -> dict:
    """KPIs of the responses in a period."""
    scores = {
        kind: [r["score"] for r in responses if r["survey_type"] == kind]
        for kind in ("csat", "nps")
    }
    csat = oracle_service.measure_scores("csat", scores["csat"]) if scores["csat"] else {}
    nps = oracle_service.measure_scores("nps", scores["nps"]) if scores["nps"] else {}
    return {
        "csat_average_score": csat.get("average_score"),
        "csat_top_two_share": csat.get("top_two_share"),
        "nps": nps.get("nps"),
    }


def measure_campaigns(campaigns: list[dict]) -> Decimal | None:
    """Return on the cost of some campaigns."""
    cost = oracle.money_sum(campaign["cost_amount"] for campaign in campaigns)
    attributed = oracle.money_sum(campaign["attributed_sales_amount"] for campaign in campaigns)
    return oracle.divide(attributed - cost, cost, 6)


def measure_spend(spend: list[dict] | None, kpis: dict, months: int) -> dict:
    """What new customers cost, and after how many months they have brought it."""
    if spend is None:
        return {
            "marketing_spend_amount": None,
            "customer_acquisition_cost": None,
            "cac_payback_months": None,
            "average_revenue_per_customer": oracle.divide(
                kpis["net_sales_amount"], kpis["customer_count"], 4
            ),
        }
    total = oracle.money_sum(row["amount"] for row in spend)
    acquisition = oracle.money_sum(
        row["amount"] for row in spend if row["purpose"] == "acquisition"
    )
    new, customers = kpis["new_customer_count"], kpis["customer_count"]
    net_sales = kpis["net_sales_amount"]
    return {
        "marketing_spend_amount": total,
        "customer_acquisition_cost": oracle.divide(acquisition, new, 4),
        "average_revenue_per_customer": oracle.divide(net_sales, customers, 4),
        # (acquisition / new) / (net sales / customers / months)
        "cac_payback_months": oracle.divide(acquisition * customers * months, net_sales * new, 6),
    }


def list_ended_campaigns(basis: oracle.Basis, performance: list[dict]) -> list[dict]:
    """Campaigns with a cost above 0 that ended by D, with their day and figures."""
    figures = {row["campaign_id"]: row for row in performance if row["segment"] == "all"}
    ended = []
    for campaign in basis.accepted["campaigns"]:
        day = campaign["ends_on"]
        row = figures.get(campaign["campaign_id"])
        if row is None or day is None or (row["cost_amount"] or 0) <= 0:
            continue
        if campaign["starts_on"] <= day <= basis.as_of:
            ended.append(row | {"event_date": day})
    return ended


def measure_period(basis: oracle.Basis, grain: str, start: date, found: dict) -> dict:
    """Values of all KPIs of one period."""
    end = basis.last_known_day(grain, start)

    def within(rows: list[dict], name: str = "event_date") -> list[dict]:
        return [row for row in rows if row[name] is not None and start <= row[name] <= end]

    kpis, trend, churn = (found[name][grain, start] for name in ("kpis", "trend", "churn"))
    vip_sales = [t for t in within(basis.transactions, "transaction_date") if t["is_vip_sale"]]
    bought = Counter(sale["customer_id"] for sale in vip_sales)
    leads = found["leads"]
    return (
        {
            "sales_amount": kpis["sales_amount"],
            "crm_sales_share": oracle.divide(
                trend["crm_sales_amount"], trend["total_sales_amount"], 6
            ),
            "customers_at_risk_count": count_at_risk(basis, end),
            "new_customer_count": kpis["new_customer_count"],
            "active_customer_count": kpis["customer_count"],
            "return_rate": kpis["return_rate"],
            "repeat_purchase_rate": oracle.divide(
                sum(count > 1 for count in bought.values()), len(bought), 6
            ),
            "churn_rate": churn["churn_rate"],
            "average_transaction_amount": kpis["average_transaction_amount"],
            "vip_sales_share": kpis["vip_sales_share"],
            "refund_rate": oracle.divide(kpis["refund_amount"], kpis["sales_amount"], 6),
            "campaign_roi": measure_campaigns(within(found["campaigns"])),
        }
        | measure_spend(
            within(found["spend"], "spend_date")
            if any(row["spend_date"] <= basis.as_of for row in found["spend"])
            else None,
            kpis,
            GRAINS[grain],
        )
        | measure_leads(leads, within(leads), within(leads, "closed_date"))
        | measure_surveys(within(found["surveys"]))
    )


def find_target(targets: list[dict], kpi: str, grain: str, start: date) -> dict | None:
    """The target in force at the start of a period."""
    candidates = []
    for row in targets:
        valid_from = date.fromisoformat(row["valid_from"]) if row["valid_from"] else date.min
        if (row["kpi"], row["period_grain"]) == (kpi, grain) and valid_from <= start:
            candidates.append((valid_from, row))
    assert len({valid_from for valid_from, _ in candidates}) == len(candidates), "two targets"
    return max(candidates, key=lambda pair: pair[0])[1] if candidates else None


def judge(value: Decimal | None, target: dict | None, is_complete: bool) -> dict:
    """How a value stands against its target."""
    goal = to_six_digits(target["target"]) if target else None
    found = {
        "target": goal,
        "variance": None,
        "status": None,
        "is_favourable": None,
        "notes": target["notes"] if target else None,
    }
    if None in (value, goal) or not is_complete:
        return found
    found["variance"] = oracle.divide(value - goal, abs(goal), 6)
    higher_is_better = {"higher": True, "lower": False}[target["direction"].split("_")[0]]
    if value == goal:
        return found | {"status": "Achieved", "is_favourable": True}
    if higher_is_better:
        status = "Achieved" if value > goal else "Below Target"
        return found | {"status": status, "is_favourable": value > goal}
    status = "Below Target" if value < goal else "Above Target"
    return found | {"status": status, "is_favourable": value < goal}


def build(
    basis: oracle.Basis, marts: dict[str, list[dict]], targets: list[dict]
) -> dict[str, list[dict]]:
    """One row per KPI, grain and period."""
    found = {
        "kpis": {(r["period_grain"], r["period_start_date"]): r for r in marts["fct_period_kpis"]},
        "trend": {(r["period_grain"], r["period_start_date"]): r for r in marts["fct_sales_trend"]},
        "churn": {
            (grain, start): row
            for grain in GRAINS
            for start, row in oracle_growth.count_churn(basis, grain).items()
        },
        "leads": oracle_service.classify_leads(basis),
        "surveys": basis.events("surveys"),
        "spend": [row for row in basis.accepted["marketing_spend"] if row["amount"] >= 0],
        "campaigns": list_ended_campaigns(basis, marts["fct_campaign_performance"]),
    }
    rows = []
    for grain in GRAINS:
        for start in basis.periods(grain):
            complete = oracle.is_complete(grain, start, basis.as_of)
            for kpi, measured in measure_period(basis, grain, start, found).items():
                value = to_six_digits(measured)
                target = find_target(targets, kpi, grain, start)
                rows.append(
                    {
                        "kpi": kpi,
                        "period_grain": grain,
                        "period_start_date": start,
                        "value": value,
                    }
                    | judge(value, target, complete)
                )
    return {"fct_kpi_board": rows}
