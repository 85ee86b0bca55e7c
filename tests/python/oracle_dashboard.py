"""Reference implementation of the marts made for the page; see ``oracle`` for its manner.

Left out is ``dash_segment_value``, which needs the model of customer value: ``test_dash_marts``
adds it up from the built ``fct_customer_value``.

Readings: what the definitions leave open, and how it is read here
------------------------------------------------------------------
 1. Customers are those with a score; ``all`` is every one of them. A value that nobody of a segment
    has is no row of it; the RFM grid has all 16 cells of every segment.
 2. NULL shares the row of a value named ``unknown``, which stands last in display_order.
 3. Bands of age follow the age, bands of tenure the days; other values go by everyone's customers,
    the most first, then by the value's code points.
 4. Without D there is a row of settings, 320 empty cells, and nothing else.
"""

from collections import Counter, defaultdict

import oracle
import oracle_service

COLUMNS = ["age_band", "gender", "city", "region", "country", "preferred_channel"]
COLUMNS += ["acquisition_source"]
SETTINGS = "rfm_method rfm_window_days vip_definition churn_days reporting_timezone currency locale"
TENURES = ["up to 30 days", "31 to 90 days", "91 to 365 days"]
TENURES += ["1 to 2 years", "2 to 5 years", "over 5 years"]
LAST_DAYS = [30, 90, 365, 2 * 365, 5 * 365]

MART_COLUMNS = {
    "dash_settings": f"as_of_date {SETTINGS}",
    "dash_customer_profile": "scheme segment attribute attribute_value display_order "
    "customer_count customer_share",
    "dash_rfm_grid": "scheme segment recency_score frequency_score customer_count sales_amount",
    "dash_lead_funnel": oracle_service.MART_COLUMNS["fct_lead_funnel"].replace("source owner ", ""),
}


def members_of(rows: list[dict]) -> dict[tuple[str, str], list[dict]]:
    """Scored customers of every scheme and segment, empty ones and ``all`` too."""
    found = {
        (scheme, segment): []
        for scheme, names in oracle.SCHEMES.items()
        for segment in [*names, "all"]
    }
    for row in rows:
        for scheme in oracle.SCHEMES:
            found[scheme, "all"].append(row)
            found[scheme, row[f"{scheme}_segment"]].append(row)
    return found


def describe(customer: dict) -> dict[str, str]:
    """Value of each attribute of a customer."""
    band = sum(customer["tenure_days"] > last for last in LAST_DAYS)
    return {name: customer[name] or "unknown" for name in COLUMNS} | {
        "loyalty": "member" if customer["is_loyalty_member"] else "not a member",
        "tenure": TENURES[band],
    }


def put_in_order(attribute: str, counts: Counter) -> dict[str, int]:
    """Place of each value of an attribute."""

    def key(value: str) -> tuple:
        if attribute == "age_band" and value != "unknown":
            rank = int(value.split("-")[0])
        elif attribute == "tenure":
            rank = TENURES.index(value)
        else:
            rank = -counts[value]
        return value == "unknown", rank, value.encode()

    return {value: place for place, value in enumerate(sorted(counts, key=key), start=1)}


def build_customer_profile(customers: list[dict]) -> list[dict]:
    """Customers of every segment by what is known of them."""
    scored = [row for row in customers if row["rfm_score"] is not None]
    everyones = defaultdict(Counter)
    for customer in scored:
        for attribute, value in describe(customer).items():
            everyones[attribute][value] += 1
    places = {name: put_in_order(name, counts) for name, counts in everyones.items()}
    rows = []
    for (scheme, segment), members in members_of(scored).items():
        cells = Counter(pair for member in members for pair in describe(member).items())
        rows += [
            {
                "scheme": scheme,
                "segment": segment,
                "attribute": attribute,
                "attribute_value": value,
                "display_order": places[attribute][value],
                "customer_count": count,
                "customer_share": oracle.divide(count, len(members), 6),
            }
            for (attribute, value), count in cells.items()
        ]
    return rows


def build_rfm_grid(rfm: list[dict]) -> list[dict]:
    """Customers and sales of every segment in each of the 16 cells."""
    rows = []
    for (scheme, segment), members in members_of(rfm).items():
        for recency in range(1, 5):
            for frequency in range(1, 5):
                held = [
                    row
                    for row in members
                    if (row["recency_score"], row["frequency_score"]) == (recency, frequency)
                ]
                rows.append(
                    {
                        "scheme": scheme,
                        "segment": segment,
                        "recency_score": recency,
                        "frequency_score": frequency,
                        "customer_count": len(held),
                        "sales_amount": oracle.money_sum(r["sales_amount_in_window"] for r in held),
                    }
                )
    return rows


def build(basis: oracle.Basis, marts: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """Rows of the marts made for the page."""
    leads = [lead | {"source": "", "owner": ""} for lead in oracle_service.classify_leads(basis)]
    settings = {name: basis.variables[name] for name in SETTINGS.split()}
    return {
        "dash_settings": [{"as_of_date": basis.as_of} | settings],
        "dash_customer_profile": build_customer_profile(marts["dim_customers"]),
        "dash_rfm_grid": build_rfm_grid(basis.rfm),
        "dash_lead_funnel": oracle_service.build_lead_funnel(leads),
    }
