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
 4. Of values that are no bands a segment with more than nine known ones names the eight that most
    of its customers have (ties: most of everyone, then code points). The rest share a row before
    ``unknown``, called ``other places`` for towns and the like, else ``other values``; everyone's
    share beside it is of all whose known value the segment does not name.
 5. A segment has a size on every month end of the migration, ``all`` too: nobody moves within
    ``all``, and nobody leaves it. The year before is the month end twelve months earlier; NULL
    where that is none of the migration's.
 6. Without D there is a row of settings, 320 empty cells, and nothing else.
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

REST_NAMES = dict.fromkeys(["city", "region", "country"], "other places")
REST_NAMES |= dict.fromkeys(["gender", "preferred_channel", "acquisition_source"], "other values")

MART_COLUMNS = {
    "dash_settings": f"as_of_date {SETTINGS}",
    "dash_customer_profile": "scheme segment attribute attribute_value display_order "
    "customer_count customer_share all_customer_share",
    "dash_segment_size": "as_of_date scheme segment customer_count first_purchase_customer_count "
    "joined_customer_count left_customer_count previous_month_customer_count "
    "customer_count_change_on_previous_period previous_year_customer_count "
    "customer_count_gain_on_previous_year",
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
        is_rest = value == REST_NAMES.get(attribute)
        return value == "unknown", is_rest, rank, value.encode()

    return {value: place for place, value in enumerate(sorted(counts, key=key), start=1)}


def choose_names(attribute: str, counts: Counter, everyones: Counter) -> set[str]:
    """The values of an attribute that a segment with these customers names."""
    known = [value for value in counts if value != "unknown"]
    if attribute in REST_NAMES and len(known) > 9:
        known.sort(key=lambda value: (-counts[value], -everyones[value], value.encode()))
        known = known[:8]
    return {*known, "unknown"}


def build_customer_profile(customers: list[dict]) -> list[dict]:
    """Customers of every segment by what is known of them."""
    scored = [row for row in customers if row["rfm_score"] is not None]
    everyones = defaultdict(Counter)
    for customer in scored:
        for attribute, value in describe(customer).items():
            everyones[attribute][value] += 1
    rows = []
    for (scheme, segment), members in members_of(scored).items():
        for attribute, all_counts in everyones.items():
            counts = Counter(describe(member)[attribute] for member in members)
            names = choose_names(attribute, counts, all_counts)
            rest = REST_NAMES.get(attribute)
            shown = Counter()
            for value, count in counts.items():
                shown[value if value in names else rest] += count
            for value, count in shown.items():
                alike = all_counts[value]
                if shown[value] != counts[value]:
                    alike = sum(n for name, n in all_counts.items() if name not in names)
                rows.append(
                    {
                        "scheme": scheme,
                        "segment": segment,
                        "attribute": attribute,
                        "attribute_value": value,
                        "customer_count": count,
                        "customer_share": oracle.divide(count, len(members), 6),
                        "all_customer_share": oracle.divide(alike, len(scored), 6),
                    }
                )
    shown_values = defaultdict(set)
    for row in rows:
        shown_values[row["attribute"]].add(row["attribute_value"])
    places = {
        name: put_in_order(name, Counter({value: everyones[name][value] for value in values}))
        for name, values in shown_values.items()
    }
    for row in rows:
        row["display_order"] = places[row["attribute"]][row["attribute_value"]]
    return rows


def build_segment_size(migration: list[dict]) -> list[dict]:
    """Customers of every segment at every month end, and where they came from and went."""
    month_ends = {row["as_of_date"] for row in migration}
    found = {}
    for scheme, names in oracle.SCHEMES.items():
        for month_end in month_ends:
            moves = [
                (row["from_segment"], row["to_segment"], row["customer_count"])
                for row in migration
                if (row["scheme"], row["as_of_date"]) == (scheme, month_end)
            ]
            for segment in [*names, "all"]:
                was = {segment} if segment != "all" else set(names)
                first = sum(n for a, b, n in moves if a == "first purchase" and b in was)
                found[scheme, segment, month_end] = {
                    "customer_count": sum(n for _, b, n in moves if b in was),
                    "first_purchase_customer_count": first,
                    "joined_customer_count": sum(
                        n for a, b, n in moves if a not in was and b in was
                    ),
                    "left_customer_count": sum(n for a, b, n in moves if a in was and b not in was),
                    "previous_month_customer_count": sum(n for a, _, n in moves if a in was),
                }
    rows = []
    for (scheme, segment, month_end), sizes in found.items():
        now, before = sizes["customer_count"], sizes["previous_month_customer_count"]
        a_year_before = oracle.add_months(month_end.replace(day=1), -11) - oracle.ONE_DAY
        year_before = found.get((scheme, segment, a_year_before), {}).get("customer_count")
        rows.append(
            {"as_of_date": month_end, "scheme": scheme, "segment": segment}
            | sizes
            | {
                "customer_count_change_on_previous_period": oracle.divide(now - before, before, 6),
                "previous_year_customer_count": year_before,
                "customer_count_gain_on_previous_year": None
                if year_before is None
                else now - year_before,
            }
        )
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
        "dash_segment_size": build_segment_size(marts["fct_segment_migration"]),
        "dash_rfm_grid": build_rfm_grid(basis.rfm),
        "dash_lead_funnel": oracle_service.build_lead_funnel(leads),
    }
