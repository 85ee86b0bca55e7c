"""The board, campaigns, customers and service: every number shown is the mart's."""

import re
import zlib
from base64 import b64encode
from contextlib import suppress
from itertools import groupby, pairwise

import figures as f
import pytest
from figures import decimals, short_amount
from sites import HOSTILE, open_dashboard

SCOPES = [
    ("crm_dashboard", "all"),
    ("crm_dashboard", "Champions"),
    ("customer_360", "all"),
    ("customer_360", "New"),
]
# a grain and how many periods before the last one
PERIODS = [("month", 0), ("month", 1), ("month", 9), ("quarter", 1), ("year", 1), ("week", 6)]
OTHERS = {
    "unscored": "Without a score",
    "not contacted": "Not contacted",
    "anonymous": "Anonymous",
}
ENOUGH = 30
MUTED = "#4d5662"


def opened_at(page, site, **chosen) -> None:
    written = {key: str(value) for key, value in chosen.items() if value not in (None, "all")}
    address = "&".join(f"{key}={value.replace(' ', '+')}" for key, value in written.items())
    open_dashboard(page, site, f"#{address}")
    f.settle(page)


def nth_last(site, grain: str, back: int):
    return f.query(
        site,
        "select period_start_date from marts.fct_period_kpis where period_grain = ?"
        " order by 1 desc limit 1 offset ?",
        grain,
        back,
    )[0][0]


def board_period(site, grain: str, start):
    """Grain, first day and completeness of the period that the board shows."""
    if grain in ("month", "quarter", "year"):
        kept, start = grain, start
    else:
        # the month that holds the period's last day, or D
        days = {"day": 0, "week": 6}[grain]
        kept = "month"
        start = f.query(
            site,
            "select cast(date_trunc('month', least(cast(? as date) + cast(? as integer),"
            " as_of_date)) as date) from marts.dash_settings",
            start,
            days,
        )[0][0]
    complete = f.query(
        site,
        "select is_complete from marts.fct_period_kpis where period_grain = ?"
        " and period_start_date = ?",
        kept,
        start,
    )[0][0]
    return kept, start, complete


def scope(segment: str) -> str:
    return "All customers" if segment == "all" else segment


# -- how the page writes figures -------------------------------------------------------------------
def with_unit(unit: str, value) -> str:
    if value is None:
        return f.NONE
    return {
        "amount": f.amount,
        "rate": f.rate,
        "count": f.count,
        "ratio": lambda v: f"{decimals(v, 2, 1)}×",  # noqa: RUF001
        "months": lambda v: f"{decimals(v, 1, 1)} mo",
        "days": lambda v: f"{decimals(v, 1, 1)} d",
        "score": lambda v: decimals(v, 2, 2),
    }[unit](value)


def signed(value, digits: int) -> str:
    text = f"{f.rounded(value, digits):,}"
    shown = text.lstrip("-")
    if not float(shown.replace(",", "")):
        return shown
    return f"-{shown}" if text.startswith("-") else f"+{shown}"


def change(value) -> str:
    if value is None:
        return f.NONE
    if value >= 9:
        return f"{f.rounded(value + 1, 0):,}×"  # noqa: RUF001
    return f"{signed(float(value) * 100, 1 if abs(value) < 0.0995 else 0)}%"


def points(value) -> str:
    return f.NONE if value is None else f"{signed(float(value) * 100, 1)} pts"


CARDS = {
    "sales": "sales_amount",
    "customers": "active_customer_count",
    "return-rate": "return_rate",
    "crm-share": "crm_sales_share",
}


# -- KPI board -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("grain", "back"), [*PERIODS, ("day", 0), ("quarter", 0)])
def test_the_board_is_the_mart(page, site, grain, back):
    chosen = nth_last(site, grain, back)
    kept, start, complete = board_period(site, grain, chosen)
    opened_at(page, site, grain=grain, period=chosen)
    f.show(page, "kpi-board")
    rows = f.query(
        site,
        "select label, kpis.unit, value, target, variance, status, is_favourable, notes"
        " from marts.dim_kpis as kpis left join marts.fct_kpi_board as board"
        " on kpis.kpi = board.kpi and period_grain = ? and period_start_date = ?"
        " order by display_order",
        kept,
        start,
    )
    assert len(rows) == 26
    wanted = []
    [(as_of, is_past)] = f.query(
        site,
        "select as_of_date, as_of_date >= cast(? as date) + case ? when 'year' then to_years(1)"
        " when 'quarter' then to_months(3) else to_months(1) end from marts.dash_settings",
        start,
        kept,
    )
    for label, unit, value, target, variance, status, favourable, notes in rows:
        said = f.NONE
        # a rate is so many points from its target, everything else a share of it
        gap = value - target if unit == "rate" and target is not None else variance
        if status:
            sign, word = ("✓", "favourable") if favourable else ("✗", "unfavourable")
            if favourable and gap is not None and abs(gap) < 0.005:
                sign = "≈"
            said = f"{sign} {status}, {word}"
        elif target is not None and not complete:
            said = "period not finished"
        if value is None and is_past and label in ("Customer lifetime value (CLTV)", "LTV : CAC"):
            notes = f"Only as of {f.day(as_of)}."
        shown = [with_unit(unit, value), with_unit(unit, target)]
        shown.append(points(gap) if unit == "rate" else change(gap))
        wanted.append([label, *shown, said, notes or ""])
    assert board_rows(page) == wanted
    subtitle = page.locator("#kpi-board .subtitle").inner_text()
    assert subtitle.startswith(f"All customers, {f.period(kept, start)}")
    assert ("days)" in subtitle) == (not complete)
    assert ("the month of the period chosen" in subtitle) == (kept != grain)


def board_rows(page) -> list[list[str]]:
    return page.eval_on_selector_all(
        "#kpi-board tr[data-kpi]",
        "rows => rows.map((row) => [...row.cells]"
        ".filter((cell) => !['kind', 'bullet', 'series'].includes(cell.className))"
        ".map((cell) => cell.innerText.trim()))",
    )


def test_the_kpi_at_risk_names_its_segments(site):
    [(definition,)] = f.query(
        site, "select definition from marts.dim_kpis where kpi = 'customers_at_risk_count'"
    )
    for segment, is_at_risk in f.query(
        site, "select segment, is_at_risk from marts.dim_segments where scheme = 'crm_dashboard'"
    ):
        assert (segment in definition) == is_at_risk, segment


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_board_and_cards_say_the_same_of_a_target(page, site, grain):
    opened_at(page, site, grain=grain, period=nth_last(site, grain, 2))
    f.show(page, "kpi-board")
    compared = 0
    for card, kpi in CARDS.items():
        said = page.locator(f"#card-{card} .compared").inner_text()
        row = page.locator(f"#kpi-board tr[data-kpi='{kpi}']")
        if "target" not in said:
            continue
        glyph, gap = said.split(" target")[0].strip().split(" ", 1)
        assert gap == row.locator("td.variance").inner_text(), card
        assert row.locator("td.status").inner_text().startswith(f"{glyph} "), card
        compared += 1
    assert compared


def test_the_board_draws_its_last_periods(page, site):
    opened_at(page, site)
    f.show(page, "kpi-board")
    for kpi in page.eval_on_selector_all(
        "#kpi-board tr[data-kpi]", "rows => rows.map((row) => row.dataset.kpi)"
    ):
        values = f.query(
            site,
            "select value from marts.fct_kpi_board where kpi = ? and period_grain = 'month'"
            " and period_start_date <= (select max(period_start_date) from"
            " marts.fct_period_kpis where period_grain = 'month' and is_complete)"
            " order by period_start_date desc limit 13",
            kpi,
        )
        drawn = [None if value is None else float(value) for (value,) in reversed(values)]
        known = [value for value in drawn if value is not None]
        line = page.locator(f"#kpi-board tr[data-kpi='{kpi}'] .series path.line")
        if len(known) < 2:
            assert line.count() == 0
            continue
        path = line.get_attribute("d")
        heights = [float(at) for at in re.findall(r",([\d.]+)", path)]
        assert len(heights) == len(known)
        # a line for each run of values: it does not go on where there is none
        runs = sum(is_known for is_known, _ in groupby(drawn, lambda value: value is not None))
        assert path.count("M") == runs, kpi
        if max(known) > min(known):
            assert heights.index(min(heights)) == known.index(max(known))


def test_the_board_is_of_all_customers_and_says_what_a_kpi_is(page, site):
    opened_at(page, site)
    f.show(page, "kpi-board")
    before = board_rows(page)
    opened_at(page, site, segment="Champions")
    f.show(page, "kpi-board")
    assert board_rows(page) == before
    assert page.locator("#kpi-board .subtitle").inner_text().startswith("All customers")
    definition = f.query(site, "select definition from marts.dim_kpis where kpi = 'churn_rate'")
    button = page.locator("#kpi-board tr[data-kpi='churn_rate'] button")
    assert button.get_attribute("title") == definition[0][0]
    button.focus()
    page.keyboard.press("Enter")
    assert page.locator("#kpi-board tr.definition").all_inner_texts() == [definition[0][0]]
    page.keyboard.press("Enter")
    assert page.locator("#kpi-board tr.definition").count() == 0


# -- campaigns -------------------------------------------------------------------------------------
FIGURES = (
    "contacted_count, control_count, open_rate, contacted_conversion_rate,"
    " control_conversion_rate, lift, lift_low, lift_high, attributed_sales_amount,"
    " incremental_sales_amount, performance.cost_amount, roi, incremental_roi"
)


def lift_cells(row: dict) -> list[str]:
    if row["lift"] is None:
        if not row["contacted_count"] and not row["control_count"]:
            return [f.NONE]
        return ["only a control group" if row["control_count"] else "no control group"]
    ends = [points(row[end]).removesuffix(" pts") for end in ("lift_low", "lift_high")]
    return [points(row["lift"]), "", " to ".join(ends) + ("\ntoo few" if is_few(row) else "")]


def is_few(row: dict) -> bool:
    return min(row["contacted_count"], row["control_count"]) < ENOUGH


def open_rate(row: dict, channel: str) -> str:
    """Nobody opens a call or a text message."""
    rate = row["open_rate"]
    return f.NONE if channel in ("phone", "sms") and not rate else f.rate(rate)


def campaign_cells(row: dict, opened: str | None = None) -> list[str]:
    return [
        f.count(row["contacted_count"]),
        f.count(row["control_count"]),
        *([opened] if opened else []),
        f.rate(row["contacted_conversion_rate"]),
        f.rate(row["control_conversion_rate"]),
        *lift_cells(row),
        f.whole_amount(row["attributed_sales_amount"]),
        f.whole_amount(row["incremental_sales_amount"]),
        f.whole_amount(row["cost_amount"]),
        f.rate(row["roi"]),
        f.rate(row["incremental_roi"]),
    ]


def performance(site, scheme: str, **where) -> list[dict]:
    names = ["campaign_id", "segment", *re.findall(r"(\w+)(?:,|$)", FIGURES)]
    conditions = " and ".join(["scheme = ?", *(f"{column} = ?" for column in where)])
    rows = f.query(
        site,
        f"select campaign_id, segment, {FIGURES} from marts.fct_campaign_performance"
        f" as performance where {conditions}",
        scheme,
        *where.values(),
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def campaign_order(site) -> list[tuple]:
    return f.query(
        site,
        "select distinct campaign_id, coalesce(campaign_name, campaign_id), starts_on, ends_on,"
        " channel, coalesce(ends_on, starts_on) as newest, campaigns.campaign_id is null"
        " from (select campaign_id from marts.fct_campaign_performance"
        " union select campaign_id from marts.dim_campaigns) as ids"
        " left join marts.dim_campaigns as campaigns using (campaign_id)"
        " order by newest desc nulls last, campaign_id",
    )


@pytest.mark.parametrize(("scheme", "segment"), SCOPES)
def test_campaigns_are_the_mart(page, site, scheme, segment):
    opened_at(page, site, scheme=scheme, segment=segment)
    f.show(page, "campaigns")
    own = {row["campaign_id"]: row for row in performance(site, scheme, segment=segment)}
    shown = f.cells(page, "#campaigns tbody tr")
    wanted = []
    for campaign, label, starts_on, ends_on, channel, _, is_unknown in campaign_order(site):
        dates = f"from {f.day(starts_on)}, no end"
        if ends_on:
            dates = f"{f.day(starts_on)} – {f.day(ends_on)}"  # noqa: RUF001
        second = "not in the list of campaigns" if is_unknown else f"{channel} · {dates}"
        row = own.get(campaign)
        rest = campaign_cells(row, open_rate(row, channel)) if row else ["nobody contacted"]
        wanted.append([f"{label}\n{second}", *rest])
    assert [[re.sub(r"\s*\n\s*", "\n", row[0]), *row[1:]] for row in shown] == wanted
    assert any(len(row) == 14 for row in shown)
    assert_intervals(page, "#campaigns tr[data-campaign]", "campaign", own)


def assert_intervals(page, selector: str, key: str, own: dict) -> None:
    """Intervals are drawn on one scale; green ones lie above 0 and are of enough customers."""
    drawn = page.eval_on_selector_all(
        selector,
        f"rows => rows.map((row) => [row.dataset.{key}, row.querySelector('td.lift')?.className,"
        " [...row.querySelectorAll('svg line')].map((line) => [line.getAttribute('x1'),"
        " line.getAttribute('y1')]), row.querySelector('circle')?.getAttribute('cx'),"
        " row.querySelector('circle')?.getAttribute('fill'),"
        " row.querySelector('circle')?.getAttribute('stroke'),"
        " row.querySelectorAll('svg.whisker path').length])",
    )
    panel = selector.split(" ")[0]
    scale = page.locator(f"{panel} thead svg text").all_text_contents()
    assert all(abs(float(end)) <= 100 for end in scale)
    dots = []
    for name, tone, lines, dot, fill, stroke, arrows in drawn:
        row = own.get(name)
        if not row or row["lift"] is None:
            assert tone is None and not lines
            continue
        few = is_few(row)
        is_good, is_bad = not few and row["lift_low"] > 0, not few and row["lift_high"] < 0
        assert arrows >= (row["lift_low"] < -1) + (row["lift_high"] > 1), name
        assert ("good" in tone, "bad" in tone) == (is_good, is_bad), name
        if dot is None:
            continue  # beyond the scale
        zero = float(lines[0][0])
        sign = (float(dot) > zero + 0.05) - (float(dot) < zero - 0.05)
        assert sign == (row["lift"] > 0) - (row["lift"] < 0) or abs(row["lift"]) < 0.01, name
        dots.append((float(row["lift"]), float(dot), zero))
        assert (fill.lower() == "#ffffff") == few, name
        assert not few or stroke.lower() == MUTED, name
    assert len({zero for _, _, zero in dots}) == 1
    dots.sort()
    assert [dot for _, dot, _ in dots] == sorted(dot for _, dot, _ in dots)


@pytest.mark.parametrize(("scheme", "segment"), [SCOPES[0], SCOPES[3]])
def test_a_campaign_by_segment_is_the_mart(page, site, scheme, segment):
    opened_at(page, site, scheme=scheme, segment=segment)
    f.show(page, "campaigns")
    as_of = f.query(site, "select as_of_date from marts.dash_settings")[0][0]
    campaigns = campaign_order(site)
    finished = next(row for row in campaigns if row[3] and row[3] <= as_of)
    by_segment(page, site, scheme, finished)
    # another one, by the mouse; a third by the keyboard
    page.locator("#campaigns tbody tr").nth(5).click()
    by_segment(page, site, scheme, campaigns[5])
    button = page.locator("#campaigns tbody button").nth(6)
    button.focus()
    page.keyboard.press("Enter")
    focused = page.evaluate("document.activeElement.dataset.key")
    assert focused == campaigns[6][0]
    by_segment(page, site, scheme, campaigns[6])
    # sales that carry a campaign which contacted nobody
    page.locator("#campaigns tbody button").last.click()
    by_segment(page, site, scheme, campaigns[-1])


def by_segment(page, site, scheme: str, campaign: tuple) -> None:
    f.show(page, "campaign-segments")
    own = {row["segment"]: row for row in performance(site, scheme, campaign_id=campaign[0])}
    wanted = []
    for key, label in groups(site, scheme, own):
        rest = campaign_cells(own[key]) if key in own else ["nobody contacted"]
        wanted.append([label, *rest])
    shown = f.cells(page, "#campaign-segments tbody tr")
    assert [[unnumbered(row[0]), *row[1:]] for row in shown] == wanted
    assert campaign[1][:60] in page.locator("#campaign-segments .subtitle").inner_text()
    chosen = page.locator("#campaigns button[aria-pressed=true]")
    assert chosen.get_attribute("data-key") == campaign[0]
    if any(row["lift"] is not None for row in own.values()):
        assert_intervals(page, "#campaign-segments tr[data-segment]", "segment", own)


def groups(site, scheme: str, present) -> list[tuple[str, str]]:
    """Rows of a table by segment: all, the segments in their order, then who is in none."""
    segments = f.query(
        site,
        "select segment from marts.dim_segments where scheme = ? order by display_order",
        scheme,
    )
    named = [("all", "All customers"), *((segment, segment) for (segment,) in segments)]
    return named + [(key, label) for key, label in OTHERS.items() if key in present]


def unnumbered(text: str) -> str:
    return re.sub(r"^\d\s+", "", text)


# -- cohorts, value and churn ----------------------------------------------------------------------
def test_cohorts_are_the_mart(page, site):
    opened_at(page, site, segment="Champions")
    f.show(page, "cohorts")
    rows = f.query(
        site,
        "select cohort_month, months_since, cohort_size, active_count, retention_rate"
        " from marts.fct_cohort_retention order by 1, 2",
    )
    months = sorted({row[0] for row in rows})[-24:]
    wanted = []
    for month in months:
        own = [row for row in rows if row[0] == month and row[1] < 24]
        shares = ["<1" if 0 < row[4] < 0.005 else str(f.rounded(row[4] * 100, 0)) for row in own]
        wanted.append([f.month(month), f.count(own[0][2]), *shares])
    shown = f.cells(page, "#cohorts tbody tr")
    assert [[cell for cell in row if cell] for row in shown] == wanted
    assert page.locator("#cohorts .subtitle").inner_text().startswith("All customers")
    titles = page.eval_on_selector_all(
        "#cohorts td[title]", "cells => cells.map((cell) => cell.title)"
    )
    assert titles == [
        f"{f.month(m)}, month {since}: {f.count(active)} of {f.count(size)} ({f.rate(share)})"
        for m, since, size, active, share in rows
        if m in months and since < 24
    ]
    _, *table = f.as_table(page, "cohorts")
    assert table == [
        [
            *f.period_cells(site, "month", m),
            str(since),
            *map(f.count, (size, active)),
            f.rate(share),
        ]
        for m, since, size, active, share in rows
    ]
    # the more came back, the stronger the shade; the first month is everybody
    shades = page.eval_on_selector_all(
        "#cohorts td.cell",
        "cells => cells.map((cell) => [Number(cell.textContent.replace('<1', '0.5')),"
        " Number((cell.style.background.match(/[\\d.]+\\)$/) || ['0)'])[0].slice(0, -1))])",
    )
    shades.sort()
    assert all(a[1] <= b[1] + 0.01 for a, b in pairwise(shades))
    assert shades[0][1] < 0.1 < 0.4 < shades[-1][1] <= 0.48


@pytest.mark.parametrize(("scheme", "segment"), SCOPES)
def test_value_and_churn_risk_are_the_mart(page, site, scheme, segment):
    opened_at(page, site, scheme=scheme, segment=segment)
    f.show(page, "value-risk")
    rows = {
        (tier, risk): figures
        for tier, risk, *figures in f.query(
            site,
            "select value_tier, churn_risk, customer_count, historic_sales_amount,"
            " predicted_sales_amount_next_12_months from marts.dash_segment_value"
            " where scheme = ? and segment = ?",
            scheme,
            segment,
        )
    }
    assert rows

    def total(tier: str, risk: str) -> list:
        return rows.get((tier, risk), [0, 0, 0])

    shown = page.eval_on_selector_all(
        "#value-risk td[data-tier]",
        "cells => cells.map((cell) => [cell.dataset.tier, cell.dataset.risk,"
        " cell.querySelector('b').textContent, cell.querySelector('span').textContent])",
    )
    assert len(shown) == 16
    for tier, risk, customers, expected in shown:
        count, _, predicted = total(tier, risk)
        assert (customers, expected) == (f.count(count), short_amount(predicted)), (tier, risk)
    marked = page.locator("#value-risk td.matters")
    worry = total("high", "high")
    sentence = page.locator("#value-risk p.worry").inner_text()
    if worry[0]:
        assert marked.get_attribute("data-tier") == marked.get_attribute("data-risk") == "high"
        assert "win back first" in marked.inner_text()
        assert f"{f.count(worry[0])} customers" in sentence and short_amount(worry[1]) in sentence
    else:
        assert marked.count() == 0 and sentence == "Nobody of high value is at high risk."
    _, *table = f.as_table(page, "value-risk")
    assert len(table) == 9
    for tier, risk, *figures in table:
        count, historic, predicted = total(tier, risk)
        assert figures == [f.count(count), f.amount(historic), f.amount(predicted)]
    assert page.locator("#value-risk a[href$='fct_customer_value_holdout']").count() == 1
    assert scope(segment) in page.locator("#value-risk .subtitle").inner_text()


def test_churn_is_the_mart(page, site):
    opened_at(page, site)
    f.show(page, "churn")
    rows = f.query(
        site,
        "select month_start_date, opening_customer_count, new_customer_count,"
        " reactivated_customer_count, churned_customer_count, closing_customer_count, churn_rate,"
        " is_complete from marts.fct_customer_churn order by 1 desc",
    )
    label = page.locator("#churn .chart").get_attribute("aria-label")
    last = next(row for row in rows if row[7])
    came, back, lost, closing = map(f.count, last[2:6])
    assert label == (
        f"In {f.month(last[0])} {came} customers were new, {back} came back, {lost} were lost;"
        f" {closing} were active at its end."
    )
    # bars of the unfinished month are hollow, all others filled
    fills = page.eval_on_selector_all(
        "#churn .chart svg path",
        "paths => paths.filter((path) => ['rgb(26,86,170)', 'rgb(190,84,10)'].includes("
        "getComputedStyle(path).stroke.replaceAll(' ', '')))"
        ".map((path) => getComputedStyle(path).fill)",
    )
    shown = [(figure, row[7]) for row in rows[:24] for figure in row[2:5] if figure]
    assert len(fills) == len(shown)
    hollow = sum(fill == "rgb(255, 255, 255)" for fill in fills)
    assert hollow == sum(not complete for _, complete in shown)
    _, *table = f.as_table(page, "churn")
    assert table == [
        [
            *f.period_cells(site, "month", row[0]),
            *map(f.count, row[1:6]),
            f.rate(row[6]),
        ]
        for row in rows
    ]


# -- leads and satisfaction ------------------------------------------------------------------------
def test_leads_are_the_mart(page, site):
    opened_at(page, site, segment="Champions")
    f.show(page, "leads")
    rows = f.query(
        site,
        "select month, coalesce(created_count, 0), coalesce(won_count, 0),"
        " coalesce(lost_count, 0), coalesce(open_count, 0), coalesce(qualified_count, 0),"
        " lead_conversion_rate, won_amount, average_sales_cycle_days from (select"
        " cast(date_trunc('month', as_of_date) - to_months(n) as date) as month"
        " from marts.dash_settings, range(13) as months(n)) as months"
        " left join marts.dash_lead_funnel on cohort_month = month order by 1 desc",
    )

    def cells(row) -> list[str]:
        days = with_unit("days", row[8])
        counts = list(map(f.count, row[1:6]))
        rest = [f.rate(row[6]), f.whole_amount(row[7]), days]
        return [f.month(row[0]), counts[0], "", *counts[1:], *rest]

    shown = f.cells(page, "#leads tbody tr")
    assert [[row[0].split("\n")[0].strip(), *row[1:]] for row in shown] == list(map(cells, rows))
    assert "to date" in shown[0][0] and not any("to date" in row[0] for row in shown[1:])
    widths = page.eval_on_selector_all(
        "#leads .outcome-bar",
        "bars => bars.map((bar) => [...bar.children].map((part) => parseFloat(part.style.width)))",
    )
    most = max(row[1] for row in rows)
    for row, drawn in zip(rows, widths, strict=True):
        assert drawn == pytest.approx([100 * figure / most for figure in row[2:5]], abs=0.01)
    _, *table = f.as_table(page, "leads")
    every = f.query(
        site,
        "select cohort_month, created_count, qualified_count, won_count, lost_count, open_count,"
        " lead_conversion_rate, won_amount, average_sales_cycle_days"
        " from marts.dash_lead_funnel order by 1 desc",
    )
    assert table == [
        [
            *f.period_cells(site, "month", row[0], of_sales=False),
            *map(f.count, row[1:6]),
            f.rate(row[6]),
            f.amount(row[7]),
            with_unit("days", row[8]),
        ]
        for row in every
    ]


@pytest.mark.parametrize(("grain", "back"), [("month", 1), ("quarter", 0), ("week", 6)])
@pytest.mark.parametrize(("scheme", "segment"), SCOPES)
def test_satisfaction_is_the_mart(page, site, grain, back, scheme, segment):
    chosen = nth_last(site, grain, back)
    kept, start, _ = board_period(site, grain, chosen)
    opened_at(page, site, grain=grain, period=chosen, scheme=scheme, segment=segment)
    f.show(page, "satisfaction")
    answers = f.query(
        site,
        "select survey_type, segment, average_score, top_two_share, response_count, nps, nps_low,"
        " nps_high from marts.fct_satisfaction where period_grain = ? and period_start_date = ?"
        " and scheme = ?",
        kept,
        start,
        scheme,
    )
    assert answers
    found = {row[:2]: row[2:] for row in answers}
    wanted = []
    for key, label in groups(site, scheme, {row[1] for row in answers}):
        score, share, count, *_ = found.get(("csat", key), (None, None, 0))
        mean = f.NONE if score is None else decimals(score, 2, 2)
        row = [label, mean, f.rate(share), f.count(count)]
        if ("nps", key) in found:
            _, _, count, nps, low, high = found["nps", key]
            few = "\ntoo few" if count < ENOUGH else ""
            limits = f"{f.count(low)} to {f.count(high)}{few}"
            row += [decimals(nps, 1, 1), "", limits, f.count(count)]
        else:
            row += ["no answers", "0"]
        wanted.append(row)
    shown = f.cells(page, "#satisfaction tbody tr")
    assert [[unnumbered(row[0]), *row[1:]] for row in shown] == wanted
    is_chosen = page.locator("#satisfaction tr.chosen")
    assert is_chosen.count() == (segment != "all")
    if segment != "all":
        assert is_chosen.get_attribute("data-segment") == segment
    subtitle = page.locator("#satisfaction .subtitle").inner_text()
    assert f.period(kept, start) in subtitle and scope(segment) in subtitle


@pytest.mark.parametrize(("scheme", "segment"), SCOPES)
@pytest.mark.parametrize("grain", ["month", "quarter", "year"])
def test_the_line_of_satisfaction_is_the_mart(page, site, scheme, segment, grain):
    start = nth_last(site, grain, 1)
    opened_at(page, site, grain=grain, period=start, scheme=scheme, segment=segment)
    f.show(page, "satisfaction")
    for survey, name, column, digits in [
        ("nps", "NPS", "nps", 1),
        ("csat", "CSAT", "average_score", 2),
    ]:
        page.locator("#satisfaction .choice").get_by_role("button", name=name).click()
        f.settle(page)
        rows = f.query(
            site,
            f"select start, {column} from (select cast(cast(? as date) - to_months(n * ?) as date)"
            " as start from range(13) as periods(n)) as periods left join marts.fct_satisfaction"
            " on period_start_date = start and period_grain = ? and scheme = ? and segment = ?"
            " and survey_type = ? where start >= (select min(period_start_date)"
            " from marts.fct_satisfaction where period_grain = ? and survey_type = ?) order by 1",
            start,
            {"month": 1, "quarter": 3, "year": 12}[grain],
            grain,
            scheme,
            segment,
            survey,
            grain,
            survey,
        )
        values = ", ".join(
            f"{f.period(grain, at)} {f.NONE if v is None else decimals(v, digits, digits)}"
            for at, v in rows
        )
        label = page.locator("#satisfaction .chart").get_attribute("aria-label")
        assert label == f"{name} of {scope(segment)} over the last periods: {values}."
        trend = page.locator("#satisfaction .chart-title").inner_text()
        assert name in trend and scope(segment) in trend
    # the table behind it has both surveys of every group, and the line's other periods
    heading, *table = f.as_table(page, "satisfaction")
    assert heading[:6] == ["Survey", "Segment", *f.PERIOD, "Answers"]
    line = [row for row in table if row[1] == scope(segment) and row[3] < str(start)]
    assert [row[6] for row in line] == [
        f.NONE if v is None else decimals(v, 2, 2) for _, v in reversed(rows[:-1])
    ]


def test_a_segment_can_be_chosen_in_the_lower_panels(page, site):
    opened_at(page, site)
    for panel in ("campaign-segments", "satisfaction"):
        f.show(page, panel)
        page.locator(f"#{panel} button[data-key='Promising']").focus()
        page.keyboard.press("Enter")
        f.settle(page)
        assert "segment=Promising" in page.url
        assert page.evaluate("document.activeElement.dataset.key") == "Promising"
        page.keyboard.press("Enter")
        f.settle(page)
        assert "segment" not in page.url


# -- files -----------------------------------------------------------------------------------------
def in_file(value, hundredths: bool = False) -> str:
    """A number as a file has it, without a format of any place."""
    if value is None:
        return ""
    digits = f"{value * 100 if hundredths else value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def test_shares_are_percent_in_files_and_points_where_they_are_points(page, site):
    opened_at(page, site, grain="year", scheme="customer_360")
    heading, *rows = f.downloaded_csv(page, "periods")
    wanted = f.query(
        site,
        "select period_start_date, return_rate, vip_sales_share from marts.fct_period_kpis"
        " where period_grain = 'year' order by 1 desc",
    )
    assert len(wanted) > 2
    at = [heading.index(name) for name in ("First day", "Return Rate %", "% Tot Sales")]
    assert [[row[n] for n in at] for row in rows] == [
        [str(start), in_file(rate, True), in_file(share, True)] for start, rate, share in wanted
    ]
    # an unfinished year and one that the data begin in say so
    assert [row[:3] for row in rows] == [f.period_cells(site, "year", row[0]) for row in wanted]
    assert rows[0][2].endswith("of 365 days") and rows[-1][2].startswith("from Jul")
    heading, *rows = f.downloaded_csv(page, "campaigns")
    wanted = f.query(
        site,
        "select campaign_id, contacted_conversion_rate, lift, roi, roas"
        " from marts.fct_campaign_performance where scheme = 'customer_360' and segment = 'all'",
    )
    named = ["Id", "Conv. contacted, %", "Lift, pts", "ROI, %", "ROAS"]
    at = [heading.index(name) for name in named]
    found = {row[at[0]]: [row[n] for n in at[1:]] for row in rows}
    assert found == {
        key: [*(in_file(value, True) for value in values[:3]), in_file(values[3])]
        for key, *values in wanted
    }
    heading, *rows = f.downloaded_csv(page, "kpi-board")
    at = [heading.index(name) for name in ("KPI", "Unit", "Value", "Target")]
    start = nth_last(site, "year", 1)
    assert [[row[n] for n in at] for row in rows] == [
        [
            label,
            {"rate": "%", "amount": "USD", "count": "number", "ratio": "times"}.get(unit, unit),
            *(in_file(value, unit == "rate") for value in values),
        ]
        for label, unit, *values in f.query(
            site,
            "select label, kpis.unit, value, target from marts.dim_kpis as kpis"
            " left join marts.fct_kpi_board as board on kpis.kpi = board.kpi"
            " and period_grain = 'year' and period_start_date = ? order by display_order",
            start,
        )
    ]


@pytest.mark.parametrize("segment", ["all", "Promising"])
def test_a_file_of_movements_says_of_which_month_and_segment(page, site, segment):
    opened_at(page, site, segment=segment, grain="year", period="2025-01-01")
    chosen = [] if segment == "all" else ["promising"]
    for panel, own in [("migration", []), ("flows", chosen)]:
        f.show(page, panel)
        with page.expect_download() as downloaded:
            f.menu(page, panel, "Download CSV")
        words = [panel, "crm-dashboard", *own, "2025-11-30-2025-12-31.csv"]
        assert downloaded.value.suggested_filename == "-".join(words)
        heading, *rows = f.downloaded_csv(page, panel)
        by_name = [dict(zip(heading, row, strict=True)) for row in rows]
        assert {(row["From date"], row["To date"]) for row in by_name} == {
            ("2025-11-30", "2025-12-31")
        }
        if panel == "flows":
            assert {row["Segment"] for row in by_name} == {scope(segment)}
            assert segment == "all" or all(segment in (row["From"], row["To"]) for row in by_name)


def test_the_file_of_customers_has_all_and_the_table_says_it_has_not(page, many_customers_site):
    opened_at(page, many_customers_site)
    wanted = f.query(
        many_customers_site,
        "select customer_id, sales_amount_lifetime from marts.customer_360"
        " order by sales_amount_lifetime desc, customer_id",
    )
    assert len(wanted) == 10_500
    heading, *rows = f.downloaded_csv(page, "list")
    at = [heading.index(name) for name in ("Customer", "Sales")]
    assert [[row[n] for n in at] for row in rows] == [[k, in_file(amount)] for k, amount in wanted]
    f.menu(page, "list", "Show as table")
    page.wait_for_selector("#list table.data:not(.customers)")
    assert page.locator("#list table.data tbody tr").count() == 1_000
    assert page.locator("#list .note").inner_text() == (
        "These are the first 1,000 of 10,500 customers. The CSV has all of them."
    )


# -- pictures and paper ----------------------------------------------------------------------------
PIXELS = """async (sources) => {
  const drawn = await Promise.all(sources.map(async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.width;
    canvas.height = image.height;
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height);
  }));
  const hex = (data, at) =>
    '#' + [0, 1, 2].map((n) => data[at + n].toString(16).padStart(2, '0')).join('');
  const [{ width, height, data }, other] = drawn;
  const colours = {};
  let different = 0;
  for (let at = 0; at < data.length; at += 4) {
    const colour = hex(data, at);
    colours[colour] = (colours[colour] || 0) + 1;
    const isOther = (n) => Math.abs(data[at + n] - other.data[at + n]) > 32;
    if (other && [0, 1, 2].some(isOther)) different += 1;
  }
  return { width, height, colours, different: different / (width * height) };
}"""


def picture(page, panel: str) -> bytes:
    f.show(page, panel)
    with page.expect_download() as downloaded:
        f.menu(page, panel, "Download PNG")
    return downloaded.value.path().read_bytes()


def pixels(page, *pictures: bytes) -> dict:
    """Size and colours of the first picture, and its share of pixels that the second has not."""
    encoded = ["data:image/png;base64," + b64encode(one).decode() for one in pictures]
    return page.evaluate(PIXELS, encoded)


@pytest.mark.parametrize(
    ("panel", "colours"),
    [
        ("trend", ["#117a37", "#6b21a8", "#1a73d9"]),
        ("split", ["#113388", "#266dd1", "#747b84"]),
        ("cohorts", []),
        ("migration", []),
    ],
)
def test_a_picture_is_what_the_screen_shows(browser, site, panel, colours):
    # as fine a screen as a picture is
    page = browser.new_page(viewport={"width": 1440, "height": 900}, device_scale_factor=2)
    opened_at(page, site)
    f.show(page, panel)
    painted = picture(page, panel)
    # buttons are for the screen alone
    page.evaluate(
        "for (const one of document.querySelectorAll('.menu, .choice')) one.style.display = 'none'"
    )
    found = pixels(page, painted, page.locator(f"#{panel}").screenshot())
    assert set(colours) <= {c for c, n in found["colours"].items() if n > 100}
    assert len(found["colours"]) > 20
    assert found["different"] < 0.002
    page.close()


def test_the_frame_of_the_matrix_has_no_gaps(page, site):
    opened_at(page, site, segment="Promising")
    f.show(page, "migration")
    # the frame is drawn by a box behind each cell: where one ends, the next has begun
    boxes = page.evaluate(
        """() => {
          const boxOf = (cell, [start, end, before, after]) => {
            const frame = getComputedStyle(cell, '::after');
            const { [start]: from, [end]: to } = cell.getBoundingClientRect();
            return [from + parseFloat(frame[before]), to - parseFloat(frame[after])];
          };
          const all = (selector, sides) =>
            [...document.querySelectorAll(`#migration ${selector}`)]
              .map((cell) => boxOf(cell, sides));
          return [
            all('tr.chosen td:not(.total)', ['left', 'right', 'left', 'right']),
            all('td.chosen', ['top', 'bottom', 'top', 'bottom']),
          ];
        }"""
    )
    for line in boxes:
        assert len(line) >= 9
        assert all(one[1] >= following[0] for one, following in pairwise(line))


def test_a_picture_has_the_rows_that_are_out_of_sight(page, site):
    opened_at(page, site)
    for panel, rows in [("campaigns", "#campaigns tbody tr"), ("periods", "#periods tbody tr")]:
        f.show(page, panel)
        height = page.locator(rows).count() * page.locator(rows).first.bounding_box()["height"]
        assert height > page.locator(f"#{panel}").bounding_box()["height"]
        assert pixels(page, picture(page, panel))["height"] > 2 * height
    # a table wider than a small screen
    page.set_viewport_size({"width": 390, "height": 844})
    f.settle(page)
    table = page.locator("#campaigns table").bounding_box()["width"]
    assert pixels(page, picture(page, "campaigns"))["width"] > 2 * table > 2 * 390


def test_paper_has_every_panel_and_its_colours(page, site):
    opened_at(page, site, segment="Promising")
    titles = page.locator(".panel h3").all_inner_texts()
    pdf = page.pdf(prefer_css_page_size=True, outline=True, tagged=True)
    assert 5 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 10
    plain = [text.decode("latin-1") for text in re.findall(rb"/Title \((.*?)\)\n", pdf)]
    coded = [bytes.fromhex(c.decode()) for c in re.findall(rb"/Title <FEFF(\w+)>", pdf)]
    on_paper = {*plain, *(text.decode("utf-16-be") for text in coded)}
    assert len(titles) > 15 and set(titles) <= on_paper
    drawn = b""
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        with suppress(zlib.error):
            drawn += zlib.decompress(stream)
    # cells of the cohorts, and moves up in the matrix
    for red, green, blue in [(71, 85, 105), (26, 86, 170)]:
        parts = (f"{part / 255:.4f}".lstrip("0").rstrip("0") for part in (red, green, blue))
        assert drawn.count(f"{' '.join(parts)} rg".encode()) > 5


# -- odd data --------------------------------------------------------------------------------------
def test_hostile_campaigns_are_text(page, hostile_site):
    opened_at(page, hostile_site, period="2025-05-01")
    f.show(page, "campaigns")
    names = page.eval_on_selector_all(
        "#campaigns tbody button", "buttons => buttons.map((button) => button.textContent)"
    )
    assert set(HOSTILE) <= set(names)
    assert page.locator("#campaigns img, #campaigns script").count() == 0
    widths = page.eval_on_selector_all(
        "#campaigns tbody th", "cells => cells.map((cell) => cell.getBoundingClientRect().width)"
    )
    assert max(widths) < 400
    longest = max(range(len(names)), key=lambda n: len(names[n]))
    page.locator("#campaigns tbody button").nth(longest).click()
    f.show(page, "campaign-segments")
    assert len(page.locator("#campaign-segments .subtitle").inner_text()) < 200
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_without_optional_tables_the_panels_say_what_to_fill(page, optional_tables_missing_site):
    opened_at(page, optional_tables_missing_site)
    for panel, table in [("leads", "leads"), ("satisfaction", "surveys")]:
        f.show(page, panel)
        assert f"raw.{table}" in page.locator(f"#{panel} .body").inner_text()
    # sales carry campaigns of which nothing else is known
    f.show(page, "campaigns")
    rows = f.cells(page, "#campaigns tbody tr")
    assert rows and all("not in the list of campaigns" in row[0] for row in rows)
    for panel in ("kpi-board", "cohorts", "value-risk", "churn"):
        f.show(page, panel)
        assert page.locator(f"#{panel} p.says").count() == 0


def test_without_a_sale_every_panel_says_so(page, empty_site):
    opened_at(page, empty_site)
    for panel in (
        *("kpi-board", "campaigns", "campaign-segments", "cohorts", "value-risk", "churn"),
        *("leads", "satisfaction"),
    ):
        f.show(page, panel)
        sentence = page.locator(f"#{panel} p.says").inner_text()
        assert sentence.endswith((".", "?")) and len(sentence) > 20, panel
