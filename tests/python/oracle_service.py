"""Reference implementation of the marts of service; see ``oracle`` for its manner.

Readings: what the definitions leave open, and how it is read here
------------------------------------------------------------------
Leads
 1. A lead is dated by its creation; what was qualified, won or lost after D (by local day) is not
    known yet. qualified_count counts leads with a known qualified_at, whatever became of them.
 2. "Closed before it was created" compares timestamps (won, else lost). Such a lead keeps its
    status and counts and amount; it has no sales cycle, and it is left out of the history from
    which win probabilities come (its age at closing means nothing), also from the overall share.
 3. source and owner NULL share the row of a source or owner named ``unknown``; otherwise they are
    compared exactly.
 4. won_amount counts a missing deal_amount as 0.
 5. Age bands are ``0-30``, ``31-60``, ``61-90`` and ``over 90``; ages are in local days.
 6. The average won deal that stands in for a missing amount is an average of money, so rounded to
    four digits; deals of leads closed before they were created count in it. Where nobody won
    anything expected_deal_amount is NULL. is_deal_amount_estimated = the lead has no amount.
Cases
 7. A type that is not listed is a case when its resolved_at is known on D.
 8. A case resolved before it occurred counts as resolved on the day it occurred and is never open;
    its hours are averaged nowhere.
 9. Hours are exact to the microsecond and rounded once, after averaging.
10. Cases of anonymous customers count. Cases from before the first period are in no opened_count
    but are open in later periods until they are resolved.
11. complaint_count counts complaints by the day on which they occurred.
Satisfaction
12. Segments are those of ``fct_customer_rfm`` (so of ``rfm_method``), without overrides.
13. Scores need not be whole: a promoter has >= 9, a detractor <= 6, everything between is neither.
14. The interval of nps is worked out from the exact shares, not from the rounded nps.
Journey
15. Control contacts count for nothing, neither do their opens and clicks. A contact opened and
    clicked counts twice, each in its own month.
16. A purchase counts as action, and as retention too where the customer's first purchase lies
    before the month.
Possible duplicates
17. A canonical customer's e-mail and phone are those of ``dim_customer_contacts``: one of each. Any
    non-empty e-mail counts, an address or not. Of a phone the ASCII digits count; one leading
    ``00`` is dropped before the seven digits are counted.
"""

import math
import re
import statistics
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction

import oracle
import oracle_campaigns

Z = 1.959964
SHRINKAGE = 10
AGE_BANDS = {0: "0-30", 31: "31-60", 61: "61-90", 91: "over 90"}
OPEN_COUNTS = {
    0: "open_0_to_30_days_count",
    31: "open_31_to_60_days_count",
    61: "open_61_to_90_days_count",
    91: "open_over_90_days_count",
}

# stage, whether it waits for an answer, whether it is a complaint
INTERACTION_TYPES = {
    "web_visit": ("awareness", False, False),
    "store_visit": ("consideration", False, False),
    "chat": ("consideration", True, False),
    "call": ("consideration", True, False),
    "email": ("consideration", True, False),
    "complaint": ("retention", True, True),
}
STAGES = ["awareness", "consideration", "decision", "action", "retention"]
PROMOTER, DETRACTOR, SATISFIED = 9, 6, 4
SHORTEST_PHONE = 7

MART_COLUMNS = {
    "fct_lead_funnel": "cohort_month source owner created_count qualified_count won_count "
    "lost_count open_count won_amount lead_conversion_rate average_sales_cycle_days "
    "median_sales_cycle_days " + " ".join(OPEN_COUNTS.values()),
    "fct_open_leads": "lead_id customer_id source owner created_date age_days age_band "
    "win_probability expected_deal_amount is_deal_amount_estimated",
    "fct_service_cases": "period_grain period_start_date opened_count resolved_count open_count "
    "complaint_count average_hours_to_resolve median_hours_to_resolve",
    "fct_satisfaction": "survey_type period_grain period_start_date scheme segment response_count "
    "average_score top_two_share nps nps_low nps_high",
    "fct_journey_stages": "customer_id month_start_date "
    + " ".join(f"{stage}_count" for stage in STAGES)
    + " journey_stage",
    "possible_duplicate_customers": "match_kind match_group_customer_id customer_id "
    "group_customer_count",
}


def average(values: list, digits: int = 4) -> Decimal | None:
    """Mean of exact values, NULL of none."""
    return oracle.divide(sum(map(Fraction, values)), len(values), digits)


def median(values: list, digits: int = 4) -> Decimal | None:
    """Median of exact values, the mean of the middle two where their number is even."""
    if not values:
        return None
    return oracle.round_half_away(Fraction(statistics.median(map(Fraction, values))), digits)


# --------------------------------------------------------------------------------------------------
# Leads
# --------------------------------------------------------------------------------------------------
def classify_leads(basis: oracle.Basis) -> list[dict]:
    """Leads created up to D, as they stood on D."""
    leads = []
    for row in basis.events("leads"):
        won_at, lost_at = basis.known(row["won_at"]), basis.known(row["lost_at"])
        closed_at = won_at or lost_at
        is_backward = closed_at is not None and closed_at < row["created_at"]
        closed_date = basis.day_of(closed_at) if closed_at else None
        days = None if closed_at is None or is_backward else (closed_date - row["event_date"]).days
        leads.append(
            row
            | {
                "source": row["source"] or "unknown",
                "owner": row["owner"] or "unknown",
                "created_date": row["event_date"],
                "qualified_at": basis.known(row["qualified_at"]),
                "status": "won" if won_at else "lost" if lost_at else "open",
                "closed_date": closed_date,
                "days_to_close": days,
                "sales_cycle_days": days if won_at else None,
                "age_days": (basis.as_of - row["event_date"]).days,
            }
        )
    return leads


def band_edge(age_days: int) -> int:
    """Lower edge of the band that an age lies in."""
    return max(edge for edge in AGE_BANDS if edge <= age_days)


def known_amounts(leads: list[dict]) -> list[Decimal]:
    """Amounts of the won ones among some leads."""
    return [
        lead["deal_amount"]
        for lead in leads
        if lead["status"] == "won" and lead["deal_amount"] is not None
    ]


def build_lead_funnel(leads: list[dict]) -> list[dict]:
    """One row per month of creation, source and owner."""
    cells = defaultdict(list)
    for lead in leads:
        month = oracle.period_start("month", lead["created_date"])
        cells[month, lead["source"], lead["owner"]].append(lead)
    rows = []
    for (month, source, owner), members in cells.items():
        statuses = Counter(lead["status"] for lead in members)
        cycles = [m["sales_cycle_days"] for m in members if m["sales_cycle_days"] is not None]
        ages = Counter(band_edge(m["age_days"]) for m in members if m["status"] == "open")
        rows.append(
            {
                "cohort_month": month,
                "source": source,
                "owner": owner,
                "created_count": len(members),
                "qualified_count": sum(lead["qualified_at"] is not None for lead in members),
                "won_count": statuses["won"],
                "lost_count": statuses["lost"],
                "open_count": statuses["open"],
                "won_amount": oracle.money_sum(known_amounts(members)),
                "lead_conversion_rate": oracle.divide(statuses["won"], len(members), 6),
                "average_sales_cycle_days": average(cycles),
                "median_sales_cycle_days": median(cycles),
            }
            | {name: ages[edge] for edge, name in OPEN_COUNTS.items()}
        )
    return rows


def passed(lead: dict, edge: int) -> bool:
    """Whether a lead tells what becomes of leads of an age band, which begins at ``edge``."""
    if lead["days_to_close"] is not None:
        return lead["days_to_close"] >= edge
    if lead["status"] != "open":
        return False
    later = [other for other in AGE_BANDS if other > edge]
    return lead["age_days"] >= (min(later) if later else edge)


def find_win_probability(lead: dict, leads: list[dict]) -> float | None:
    """Share won of the source's leads that were as old, drawn to that of all sources."""
    edge = band_edge(lead["age_days"])
    late = [other for other in leads if passed(other, edge)]
    among = late or [other for other in leads if passed(other, min(AGE_BANDS))]
    if not among:
        return None
    overall = sum(other["status"] == "won" for other in among) / len(among)
    own = [other for other in late if other["source"] == lead["source"]]
    won_count = sum(other["status"] == "won" for other in own)
    return (won_count + SHRINKAGE * overall) / (len(own) + SHRINKAGE)


def build_open_leads(leads: list[dict]) -> list[dict]:
    """Open leads with the chance and the amount that history gives them."""
    rows = []
    for lead in leads:
        if lead["status"] != "open":
            continue
        probability = find_win_probability(lead, leads)
        amount = lead["deal_amount"]
        if amount is None:
            own = [other for other in leads if other["source"] == lead["source"]]
            amount = average(known_amounts(own) or known_amounts(leads))
        is_known = probability is not None and amount is not None
        rows.append(
            lead
            | {
                "age_band": AGE_BANDS[band_edge(lead["age_days"])],
                "win_probability": probability,
                "expected_deal_amount": probability * float(amount) if is_known else None,
                "is_deal_amount_estimated": lead["deal_amount"] is None,
            }
        )
    return rows


# --------------------------------------------------------------------------------------------------
# Interactions
# --------------------------------------------------------------------------------------------------
def classify_interactions(basis: oracle.Basis) -> list[dict]:
    """Interactions up to D with their stage, and whether they are cases and complaints."""
    found = []
    for row in basis.events("interactions"):
        resolved_at = basis.known(row["resolved_at"])
        stage, is_case, is_complaint = INTERACTION_TYPES.get(
            row["interaction_type"], ("consideration", resolved_at is not None, False)
        )
        hours = None
        if resolved_at is not None and resolved_at >= row["occurred_at"]:
            elapsed = resolved_at - row["occurred_at"]
            microseconds = (elapsed.days * 86400 + elapsed.seconds) * 10**6 + elapsed.microseconds
            hours = Fraction(microseconds, 3600 * 10**6)
        found.append(
            row
            | {
                "stage": stage,
                "is_case": is_case,
                "is_complaint": is_complaint,
                "resolved_date": max(basis.day_of(resolved_at), basis.day_of(row["occurred_at"]))
                if resolved_at
                else None,
                "hours_to_resolve": hours,
            }
        )
    return found


def build_service_cases(basis: oracle.Basis, interactions: list[dict]) -> list[dict]:
    """Cases opened, resolved and open in every period."""
    cases = [row for row in interactions if row["is_case"]]
    rows = []
    for grain in oracle.GRAINS:
        for start in basis.periods(grain):
            end = basis.last_known_day(grain, start)
            resolved = [
                case
                for case in cases
                if case["resolved_date"] is not None and start <= case["resolved_date"] <= end
            ]
            hours = [c["hours_to_resolve"] for c in resolved if c["hours_to_resolve"] is not None]
            rows.append(
                {
                    "period_grain": grain,
                    "period_start_date": start,
                    "opened_count": sum(start <= case["event_date"] <= end for case in cases),
                    "resolved_count": len(resolved),
                    "open_count": sum(
                        case["event_date"] <= end
                        and (case["resolved_date"] is None or case["resolved_date"] > end)
                        for case in cases
                    ),
                    "complaint_count": sum(
                        row["is_complaint"] and start <= row["event_date"] <= end
                        for row in interactions
                    ),
                    "average_hours_to_resolve": average(hours),
                    "median_hours_to_resolve": median(hours),
                }
            )
    return rows


# --------------------------------------------------------------------------------------------------
# Satisfaction
# --------------------------------------------------------------------------------------------------
def measure_scores(survey_type: str, scores: list[Decimal]) -> dict:
    """Average, top-two share and net promoter score of some responses (at least one)."""
    count = len(scores)
    top = PROMOTER if survey_type == "nps" else SATISFIED
    found = {
        "response_count": count,
        "average_score": average(scores),
        "top_two_share": oracle.divide(sum(score >= top for score in scores), count, 6),
        "nps": None,
        "nps_low": None,
        "nps_high": None,
    }
    if survey_type != "nps":
        return found
    promoters = Fraction(sum(score >= PROMOTER for score in scores), count)
    detractors = Fraction(sum(score <= DETRACTOR for score in scores), count)
    balance = promoters - detractors
    variance = (promoters + detractors - balance**2) / count
    margin = Z * 100 * math.sqrt(variance)
    return found | {
        "nps": oracle.round_half_away(100 * balance, 4),
        "nps_low": float(100 * balance) - margin,
        "nps_high": float(100 * balance) + margin,
    }


def build_satisfaction(basis: oracle.Basis) -> list[dict]:
    """Scores by survey type, period and segment as of D, where there are responses."""
    rfm_of = {row["customer_id"]: row for row in basis.rfm}
    cells = defaultdict(list)
    for response in basis.events("surveys"):
        customer_id = response["customer_id"]
        for scheme in oracle.SCHEMES:
            if customer_id is None:
                own = "anonymous"
            elif customer_id not in rfm_of:
                own = "unscored"
            else:
                own = rfm_of[customer_id][f"{scheme}_segment"]
            for grain in oracle.GRAINS:
                start = oracle.period_start(grain, response["event_date"])
                for segment in ("all", own):
                    cell = response["survey_type"], grain, start, scheme, segment
                    cells[cell].append(response["score"])
    names = MART_COLUMNS["fct_satisfaction"].split()[:5]
    return [
        dict(zip(names, cell, strict=True)) | measure_scores(cell[0], scores)
        for cell, scores in cells.items()
    ]


# --------------------------------------------------------------------------------------------------
# Journey
# --------------------------------------------------------------------------------------------------
def build_journey_stages(
    basis: oracle.Basis, leads: list[dict], interactions: list[dict]
) -> list[dict]:
    """What each identified customer did in each month, and how far that was."""
    counts = defaultdict(Counter)

    def count(customer_id: str | None, day, stage: str) -> None:
        if customer_id is not None:
            counts[customer_id, oracle.period_start("month", day)][stage] += 1

    for row in interactions:
        count(row["customer_id"], row["event_date"], row["stage"])
    for lead in leads:
        count(lead["customer_id"], lead["created_date"], "decision")
    for contact in oracle_campaigns.list_contacts(basis):
        if contact["is_control"]:
            continue
        count(contact["customer_id"], contact["event_date"], "awareness")
        for name in ("opened_at", "clicked_at"):
            if contact[name] is not None:
                count(contact["customer_id"], basis.day_of(contact[name]), "consideration")
    for customer_id, buyer in basis.buyers.items():
        for purchase in buyer.purchases:
            day = purchase["transaction_date"]
            count(customer_id, day, "action")
            if buyer.days[0] < oracle.period_start("month", day):
                count(customer_id, day, "retention")
    return [
        {
            "customer_id": customer_id,
            "month_start_date": month,
            "journey_stage": [stage for stage in STAGES if found[stage]][-1],
        }
        | {f"{stage}_count": found[stage] for stage in STAGES}
        for (customer_id, month), found in counts.items()
    ]


# --------------------------------------------------------------------------------------------------
# Possible duplicates
# --------------------------------------------------------------------------------------------------
def normal_email(text: str | None) -> str | None:
    """An e-mail as it is compared."""
    return None if text is None else text.strip(oracle.ASCII_WHITESPACE).lower() or None


def normal_phone(text: str | None) -> str | None:
    """A phone number as it is compared: its digits, without the sign for an international call."""
    digits = re.sub("[^0-9]", "", text or "").removeprefix("00")
    return digits if len(digits) >= SHORTEST_PHONE else None


def build_possible_duplicates(basis: oracle.Basis) -> list[dict]:
    """Customers who share an e-mail or a phone number with another one."""
    groups = defaultdict(list)
    for customer_id, row in basis.customers.items():
        if customer_id not in basis.erased_keys:
            groups["email", normal_email(row["email"])].append(customer_id)
            groups["phone", normal_phone(row["phone"])].append(customer_id)
    return [
        {
            "match_kind": kind,
            "match_group_customer_id": min(members),
            "customer_id": customer_id,
            "group_customer_count": len(members),
        }
        for (kind, value), members in groups.items()
        if value is not None and len(members) > 1
        for customer_id in members
    ]


def build(basis: oracle.Basis) -> dict[str, list[dict]]:
    """Rows of all marts of service."""
    leads = classify_leads(basis)
    interactions = classify_interactions(basis)
    return {
        "fct_lead_funnel": build_lead_funnel(leads),
        "fct_open_leads": build_open_leads(leads),
        "fct_service_cases": build_service_cases(basis, interactions),
        "fct_satisfaction": build_satisfaction(basis),
        "fct_journey_stages": build_journey_stages(basis, leads, interactions),
        "possible_duplicate_customers": build_possible_duplicates(basis),
    }
