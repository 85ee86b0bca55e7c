"""Reference implementation of the marts of campaigns; see ``oracle`` for its manner.

Readings: what the definitions leave open, and how it is read here
------------------------------------------------------------------
Attribution
 1. A sale that carries its campaign is one touch without contact: contact_id and touched_at NULL,
    touch_number and touch_count 1, first and last, full credit. What contacts its customer had
    does not matter.
 2. Several contacts of one campaign are several touches.
 3. Contacts of unknown campaigns and of campaigns without a listed channel touch for 120 hours.
Performance
 4. opened, clicked and unsubscribed count the contacted arm's customers (arm of their first
    contact) with that event up to D in *any* of their contacts in the campaign, be that contact
    control or not. Purchases count whatever campaign they carry.
 5. "Contacted by the campaign" is either arm at any time up to D, also after the sale: a sale that
    carries the campaign goes to the segment its customer had at the first contact, and to
    ``not contacted`` only where there was none up to D.
 6. A campaign that starts after D is listed where it has a contact or an attributed sale up to D,
    with its cost. ``all`` has the campaign's cost even where nobody was contacted; a segment's
    share is NULL then, and 0.00 where others but none of the segment were contacted.
 7. lift is the difference of the two rounded rates. ROI and incremental ROI read the amounts as
    they stand in the row (rounded to the cent). Ratios are NULL at a cost of 0 or
    below.
 8. Segments at contact are on the fixed scale, as history is.
Timing
 9. A control contact was never sent: neither it nor its opens and clicks count. Opens and clicks
    after D do not count.
10. A contact that was opened and clicked is two responses.
11. Segments are those of ``fct_customer_rfm`` (so of ``rfm_method``), without overrides.
12. purchase_share and response_share are of all 168 cells of the segment, NULL where it has none.
Audiences
13. Only unsubscribing up to D from a contact up to D counts, then of every contact, control or not;
    it rules out every channel.
14. Channels of campaigns decide responses: those of other channels count for neither. Opens and
    clicks of control contacts do not count, as in timing.
15. ``preferred_channel`` is compared without regard to case (``Email`` is ``email``).
16. Own events are purchases, opens and clicks up to D, one contact opened and clicked being two.
    Best weekday is that with the most events of ``fct_campaign_timing``, best hour that with the
    most of this weekday; of equals the earlier.
17. ``segment`` is read from the effective segment's cells, where they hold at least one event
    (a segment into which customers were only put by hand may hold none: ``all``).
18. An override in force makes is_segment_override true even where it names the score's segment. It
    lists nobody who has no score. Of several for one canonical customer and scheme the one that
    holds longest wins (NULL is longest), then the greatest segment.
The reason is a text and not worked out here.
"""

import math
from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import oracle

Z = 1.959964
DAYS_OF_WEEK = range(1, 8)
HOURS = range(24)
ONE, NOTHING = Decimal("1.000000"), Decimal("0.000000")
OWN_EVENTS = 3
CHANNELS = ["email", "sms"]

MART_COLUMNS = {
    "fct_campaign_attribution": "transaction_id touch_number touch_count campaign_id contact_id "
    "touched_at is_first_touch is_last_touch linear_credit linear_sales_amount transaction_date "
    "customer_id sales_amount first_touch_credit last_touch_credit",
    "fct_campaign_performance": "campaign_id scheme segment contacted_count control_count "
    "contacted_before_start_count opened_count open_rate clicked_count click_rate "
    "unsubscribed_count unsubscribe_rate contacted_buyer_count control_buyer_count "
    "contacted_purchase_count control_purchase_count contacted_sales_amount control_sales_amount "
    "contacted_conversion_rate control_conversion_rate lift lift_low lift_high "
    "attributed_purchase_count attributed_sales_amount first_touch_sales_amount "
    "linear_sales_amount incremental_sales_amount cost_amount roi roas incremental_roi",
    "fct_campaign_timing": "scheme segment day_of_week hour_of_day purchase_count sales_amount "
    "contacted_count opened_count clicked_count response_count purchase_share response_share",
    "fct_campaign_audiences": "as_of_date scheme segment customer_id is_segment_override "
    "recommended_action best_channel best_day_of_week best_hour_of_day timing_source",
}


# --------------------------------------------------------------------------------------------------
# Contacts and touches
# --------------------------------------------------------------------------------------------------
def list_contacts(basis: oracle.Basis) -> list[dict]:
    """Contacts up to D, in the order in which they happened, with the end of their window."""
    campaigns = {row["campaign_id"]: row for row in basis.accepted["campaigns"]}
    windows = oracle.ATTRIBUTION_WINDOWS
    contacts = []
    for row in basis.events("campaign_contacts"):
        campaign = campaigns.get(row["campaign_id"])
        channel = campaign["channel"] if campaign else None
        contacts.append(
            row
            | {name: basis.known(row[name]) for name in ("opened_at", "clicked_at")}
            | {
                "unsubscribed_at": basis.known(row["unsubscribed_at"]),
                "is_control": row["is_control"] is True,
                "channel": channel,
                "window_ends_at": row["contacted_at"] + windows.get(channel, windows["other"]),
                "is_before_start": campaign is not None
                and row["event_date"] < campaign["starts_on"],
            }
        )
    return sorted(contacts, key=lambda row: (row["contacted_at"], row["contact_id"]))


def split_exactly(total: Decimal, count: int, digits: int) -> list[Decimal]:
    """Split a total into equal parts, each running sum being rounded."""
    sums = [
        oracle.round_half_away(Fraction(total) * number / count, digits)
        for number in range(count + 1)
    ]
    return [after - before for before, after in pairwise(sums)]


def find_touches(sale: dict, contacts: list[dict]) -> list[dict]:
    """What touched one purchase, in order; nothing where it is no CRM sale."""
    if sale["campaign_id"] is not None:
        return [{"campaign_id": sale["campaign_id"], "contact_id": None, "touched_at": None}]
    return [
        {
            "campaign_id": contact["campaign_id"],
            "contact_id": contact["contact_id"],
            "touched_at": contact["contacted_at"],
        }
        for contact in contacts
        if contact["customer_id"] == sale["customer_id"]
        and not contact["is_control"]
        and contact["contacted_at"] <= sale["transacted_at"] <= contact["window_ends_at"]
    ]


def build_attribution(basis: oracle.Basis, contacts: list[dict]) -> list[dict]:
    """One row per CRM sale and touch, with its credit by each of three models."""
    contacts_of = group_by(contacts, "customer_id")
    rows = []
    for sale in basis.transactions:
        if not sale["is_purchase"]:
            continue
        touches = find_touches(sale, contacts_of[sale["customer_id"]])
        count = len(touches)
        if not count:
            continue
        credits = split_exactly(Decimal(1), count, 6)
        parts = split_exactly(sale["amount"], count, 2)
        for number, touch in enumerate(touches, start=1):
            rows.append(
                touch
                | {
                    "transaction_id": sale["transaction_id"],
                    "touch_number": number,
                    "touch_count": count,
                    "is_first_touch": number == 1,
                    "is_last_touch": number == count,
                    "linear_credit": credits[number - 1],
                    "linear_sales_amount": parts[number - 1],
                    "transaction_date": sale["transaction_date"],
                    "customer_id": sale["customer_id"],
                    "sales_amount": sale["amount"],
                    "first_touch_credit": ONE if number == 1 else NOTHING,
                    "last_touch_credit": ONE if number == count else NOTHING,
                }
            )
    return rows


def group_by(rows: list[dict], *names: str) -> dict:
    """Rows by one value, or by several as a tuple."""
    groups = defaultdict(list)
    for row in rows:
        values = tuple(row[name] for name in names)
        groups[values if len(names) > 1 else values[0]].append(row)
    return groups


# --------------------------------------------------------------------------------------------------
# Performance
# --------------------------------------------------------------------------------------------------
def segments_before(basis: oracle.Basis, customer_id: str, day: date) -> dict[str, str]:
    """A customer's segment of each scheme at the end of the day before."""
    buyer = basis.buyers.get(customer_id)
    scores = buyer.scores_on(day - oracle.ONE_DAY) if buyer else None
    return {
        scheme: "unscored" if scores is None else oracle.segment_of(scheme, *scores)
        for scheme in oracle.SCHEMES
    }


def list_campaign_customers(basis: oracle.Basis, contacts: list[dict]) -> list[dict]:
    """One row per campaign and customer contacted by it, told by the first contact."""
    rows = []
    for (campaign_id, customer_id), own in group_by(contacts, "campaign_id", "customer_id").items():
        first = own[0]
        buyer = basis.buyers.get(customer_id)
        purchases = [
            purchase
            for purchase in (buyer.purchases if buyer else [])
            if first["contacted_at"] <= purchase["transacted_at"] <= first["window_ends_at"]
        ]
        rows.append(
            {
                "campaign_id": campaign_id,
                "customer_id": customer_id,
                "is_control": first["is_control"],
                "is_before_start": first["is_before_start"],
                "segments": segments_before(basis, customer_id, first["event_date"]),
                "has_opened": any(contact["opened_at"] for contact in own),
                "has_clicked": any(contact["clicked_at"] for contact in own),
                "has_unsubscribed": any(contact["unsubscribed_at"] for contact in own),
                "purchases": purchases,
            }
        )
    return rows


def find_lift(buyers: tuple[int, int], customers: tuple[int, int]) -> dict:
    """Conversion of contacted and control customers, their difference and its interval."""
    rates = [oracle.divide(count, among, 6) for count, among in zip(buyers, customers, strict=True)]
    found = {
        "contacted_conversion_rate": rates[0],
        "control_conversion_rate": rates[1],
        "lift": None,
        "lift_low": None,
        "lift_high": None,
    }
    if 0 in customers:
        return found
    shares = [count / among for count, among in zip(buyers, customers, strict=True)]
    variance = sum(p * (1 - p) / n for p, n in zip(shares, customers, strict=True))
    margin = Z * math.sqrt(variance)
    return found | {
        "lift": rates[0] - rates[1],
        "lift_low": shares[0] - shares[1] - margin,
        "lift_high": shares[0] - shares[1] + margin,
    }


def measure_cell(members: list[dict], touches: list[dict]) -> dict:
    """Figures of the customers and touches of one campaign and segment, cost apart."""
    contacted = [member for member in members if not member["is_control"]]
    control = [member for member in members if member["is_control"]]
    purchases = [[p for member in arm for p in member["purchases"]] for arm in (contacted, control)]
    sales = [oracle.amounts(bought) for bought in purchases]
    sizes = len(contacted), len(control)
    buyers = tuple(sum(bool(m["purchases"]) for m in arm) for arm in (contacted, control))
    last = [touch for touch in touches if touch["is_last_touch"]]
    first = [touch for touch in touches if touch["is_first_touch"]]
    found = {
        "contacted_count": sizes[0],
        "control_count": sizes[1],
        "contacted_before_start_count": sum(member["is_before_start"] for member in members),
        "contacted_buyer_count": buyers[0],
        "control_buyer_count": buyers[1],
        "contacted_purchase_count": len(purchases[0]),
        "control_purchase_count": len(purchases[1]),
        "contacted_sales_amount": sales[0],
        "control_sales_amount": sales[1],
        "attributed_purchase_count": len(last),
        "attributed_sales_amount": oracle.money_sum(touch["sales_amount"] for touch in last),
        "first_touch_sales_amount": oracle.money_sum(touch["sales_amount"] for touch in first),
        "linear_sales_amount": oracle.money_sum(t["linear_sales_amount"] for t in touches),
        "incremental_sales_amount": None
        if 0 in sizes
        else oracle.divide(sales[0] * sizes[1] - sales[1] * sizes[0], sizes[1], 2),
    }
    for event, count_name, rate_name in (
        ("has_opened", "opened_count", "open_rate"),
        ("has_clicked", "clicked_count", "click_rate"),
        ("has_unsubscribed", "unsubscribed_count", "unsubscribe_rate"),
    ):
        found[count_name] = sum(member[event] for member in contacted)
        found[rate_name] = oracle.divide(found[count_name], sizes[0], 6)
    return found | find_lift(buyers, sizes)


def find_returns(cell: dict, cost: Decimal | None) -> dict:
    """What a cell brought for its cost."""
    if cost is None or cost <= 0:
        return {"cost_amount": cost, "roi": None, "roas": None, "incremental_roi": None}
    incremental = cell["incremental_sales_amount"]
    return {
        "cost_amount": cost,
        "roi": oracle.divide(cell["attributed_sales_amount"] - cost, cost, 6),
        "roas": oracle.divide(cell["attributed_sales_amount"], cost, 6),
        "incremental_roi": None
        if incremental is None
        else oracle.divide(incremental - cost, cost, 6),
    }


def build_performance(basis: oracle.Basis, contacts: list[dict], touches: list[dict]) -> list[dict]:
    """One row per campaign, scheme and segment, and ``all``."""
    campaigns = {row["campaign_id"]: row for row in basis.accepted["campaigns"]}
    members_of = group_by(list_campaign_customers(basis, contacts), "campaign_id")
    touches_of = group_by(touches, "campaign_id")
    listed = {
        campaign_id
        for campaign_id, row in campaigns.items()
        if basis.as_of is not None and row["starts_on"] <= basis.as_of
    }
    rows = []
    for campaign_id in sorted(listed | set(members_of) | set(touches_of)):
        members, own_touches = members_of[campaign_id], touches_of[campaign_id]
        segments_of = {member["customer_id"]: member["segments"] for member in members}
        cost = campaigns[campaign_id]["cost"] if campaign_id in campaigns else None
        whole = measure_cell(members, own_touches)
        for scheme in oracle.SCHEMES:
            not_contacted = {scheme: "not contacted"}
            members_in, touches_in = defaultdict(list), defaultdict(list)
            for member in members:
                members_in[member["segments"][scheme]].append(member)
            for touch in own_touches:
                segments = segments_of.get(touch["customer_id"], not_contacted)
                touches_in[segments[scheme]].append(touch)
            cells = {"all": whole | find_returns(whole, cost)}
            for segment in {*members_in, *touches_in}:
                cell = measure_cell(members_in[segment], touches_in[segment])
                share = (
                    None
                    if cost is None
                    else oracle.divide(cost * cell["contacted_count"], whole["contacted_count"], 2)
                )
                cells[segment] = cell | find_returns(cell, share)
            rows += [
                {"campaign_id": campaign_id, "scheme": scheme, "segment": segment} | cell
                for segment, cell in cells.items()
            ]
    return rows


# --------------------------------------------------------------------------------------------------
# Timing
# --------------------------------------------------------------------------------------------------
def list_moments(
    basis: oracle.Basis, contacts: list[dict]
) -> list[tuple[str, str, datetime, dict]]:
    """Customer, what happened, when, and the row: everything that identified customers did."""
    moments = [
        (purchase["customer_id"], "purchase", purchase["transacted_at"], purchase)
        for buyer in basis.buyers.values()
        for purchase in buyer.purchases
    ]
    for contact in contacts:
        if contact["is_control"]:
            continue
        moments += [
            (contact["customer_id"], kind, contact[name], contact)
            for kind, name in (
                ("contacted", "contacted_at"),
                ("opened", "opened_at"),
                ("clicked", "clicked_at"),
            )
            if contact[name] is not None
        ]
    return moments


def cell_of(moment: datetime, basis: oracle.Basis) -> tuple[int, int]:
    """Local weekday (1 = Monday) and hour of a timestamp."""
    local = oracle.local_time(moment, basis.zone)
    return local.isoweekday(), local.hour


def build_timing(basis: oracle.Basis, contacts: list[dict]) -> list[dict]:
    """When the customers of each segment buy and respond; all 168 cells of each."""
    if basis.as_of is None:
        return []
    rfm_of = {row["customer_id"]: row for row in basis.rfm}
    counts, sales, totals = Counter(), defaultdict(list), Counter()
    for customer_id, kind, moment, row in list_moments(basis, contacts):
        for scheme in oracle.SCHEMES:
            segments = ["all"]
            if customer_id in rfm_of:
                segments.append(rfm_of[customer_id][f"{scheme}_segment"])
            for segment in segments:
                counts[(scheme, segment, *cell_of(moment, basis), kind)] += 1
                totals[scheme, segment, kind] += 1
                if kind == "purchase":
                    sales[(scheme, segment, *cell_of(moment, basis))].append(row["amount"])
    rows = []
    for scheme, segments in oracle.SCHEMES.items():
        for segment in [*segments, "all"]:
            responses = totals[scheme, segment, "opened"] + totals[scheme, segment, "clicked"]
            for cell in ((day, hour) for day in DAYS_OF_WEEK for hour in HOURS):
                name = (scheme, segment, *cell)
                found = {
                    kind: counts[(*name, kind)]
                    for kind in ("purchase", "contacted", "opened", "clicked")
                }
                rows.append(
                    {
                        "scheme": scheme,
                        "segment": segment,
                        "day_of_week": cell[0],
                        "hour_of_day": cell[1],
                        "sales_amount": oracle.money_sum(sales[name]),
                        "purchase_share": oracle.divide(
                            found["purchase"], totals[scheme, segment, "purchase"], 6
                        ),
                        "response_count": found["opened"] + found["clicked"],
                        "response_share": oracle.divide(
                            found["opened"] + found["clicked"], responses, 6
                        ),
                    }
                    | {f"{kind}_count": count for kind, count in found.items()}
                )
    return rows


# --------------------------------------------------------------------------------------------------
# Audiences
# --------------------------------------------------------------------------------------------------
def find_overrides(basis: oracle.Basis, seed: list[dict]) -> dict[tuple[str, str], str]:
    """Segment by hand of each scheme and canonical customer, in force on D."""
    candidates = defaultdict(list)
    for row in seed:
        until = row["valid_until_date"] and date.fromisoformat(row["valid_until_date"])
        customer_id = basis.canonical.get(row["customer_id"], row["customer_id"])
        if basis.as_of is not None and (until is None or until >= basis.as_of):
            candidates[row["scheme"], customer_id].append((until or date.max, row["segment"]))
    return {name: max(found)[1] for name, found in candidates.items()}


def busiest(events: Counter) -> tuple[int, int] | None:
    """The weekday with the most events, and of it the hour with the most; of equals the earlier."""
    if not events:
        return None
    days = Counter()
    for (day, _), count in events.items():
        days[day] += count
    best_day = min(days, key=lambda day: (-days[day], day))
    hours = {hour: count for (day, hour), count in events.items() if day == best_day}
    return best_day, min(hours, key=lambda hour: (-hours[hour], hour))


def choose_channel(attributes: dict, responses: Counter) -> str | None:
    """How to reach a customer who agreed to it; NULL where nobody may."""
    allowed = [channel for channel in CHANNELS if attributes[f"{channel}_opt_in"] is True]
    if len(allowed) < 2:
        return allowed[0] if allowed else None
    if responses["email"] != responses["sms"]:
        return "email" if responses["email"] > responses["sms"] else "sms"
    preferred = (attributes["preferred_channel"] or "").lower()
    return preferred if preferred in allowed else "email"


def build_audiences(
    basis: oracle.Basis,
    contacts: list[dict],
    timing: list[dict],
    texts: list[dict],
    override_seed: list[dict],
) -> list[dict]:
    """Whom to address in each scheme, how and when."""
    action_of = {(row["scheme"], row["segment"]): row["recommended_action"] for row in texts}
    overrides = find_overrides(basis, override_seed)
    unsubscribed = {row["customer_id"] for row in contacts if row["unsubscribed_at"]}
    own_events, responses = defaultdict(Counter), defaultdict(Counter)
    for customer_id, kind, moment, row in list_moments(basis, contacts):
        if kind == "contacted":
            continue
        own_events[customer_id][cell_of(moment, basis)] += 1
        if kind != "purchase":
            responses[customer_id][row["channel"]] += 1
    segment_events = defaultdict(Counter)
    for row in timing:
        count = row["purchase_count"] + row["opened_count"] + row["clicked_count"]
        if count:
            cell = row["day_of_week"], row["hour_of_day"]
            segment_events[row["scheme"], row["segment"]][cell] = count

    rows = []
    for scores in basis.rfm:
        customer_id = scores["customer_id"]
        attributes = basis.customers.get(customer_id)
        if attributes is None or customer_id in unsubscribed | basis.erased_keys:
            continue
        channel = choose_channel(attributes, responses[customer_id])
        if channel is None:
            continue
        for scheme in oracle.SCHEMES:
            by_hand = overrides.get((scheme, customer_id))
            segment = by_hand or scores[f"{scheme}_segment"]
            if own_events[customer_id].total() >= OWN_EVENTS:
                source, events = "customer", own_events[customer_id]
            elif segment_events[scheme, segment]:
                source, events = "segment", segment_events[scheme, segment]
            else:
                source, events = "all", segment_events[scheme, "all"]
            day_of_week, hour_of_day = busiest(events)
            rows.append(
                {
                    "as_of_date": basis.as_of,
                    "scheme": scheme,
                    "segment": segment,
                    "customer_id": customer_id,
                    "is_segment_override": by_hand is not None,
                    "recommended_action": action_of.get((scheme, segment)),
                    "best_channel": channel,
                    "best_day_of_week": day_of_week,
                    "best_hour_of_day": hour_of_day,
                    "timing_source": source,
                }
            )
    return rows


def build(
    basis: oracle.Basis, texts: list[dict], override_seed: list[dict]
) -> dict[str, list[dict]]:
    """Rows of all marts of campaigns."""
    contacts = list_contacts(basis)
    touches = build_attribution(basis, contacts)
    timing = build_timing(basis, contacts)
    return {
        "fct_campaign_attribution": touches,
        "fct_campaign_performance": build_performance(basis, contacts, touches),
        "fct_campaign_timing": timing,
        "fct_campaign_audiences": build_audiences(basis, contacts, timing, texts, override_seed),
    }
