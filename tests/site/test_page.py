"""The page as a reader uses it: every number is the mart's, every choice is followed."""

import re
from datetime import timedelta
from decimal import Decimal

import figures as f
import pytest
from sites import HOSTILE, open_dashboard, wait_until

GRAINS = ["day", "week", "month", "quarter", "year"]
SCHEMES = ["crm_dashboard", "customer_360"]
SCOPES = [("crm_dashboard", "all"), ("crm_dashboard", "At Risk"), ("customer_360", "Potential")]
FIRST = "first purchase"
SEGMENT_PANELS = ["category", "branch", "channel", "timing", "list", "profile", "grid", "flows"]


def state(**chosen: str) -> str:
    return "#" + "&".join(f"{key}={value.replace(' ', '+')}" for key, value in chosen.items())


def opened_at(page, site, **chosen: str) -> None:
    open_dashboard(page, site, state(**{k: v for k, v in chosen.items() if v != "all"}))
    f.settle(page)


def last_complete(site, grain: str = "month"):
    return f.query(
        site,
        "select max(period_start_date) from marts.fct_period_kpis"
        " where period_grain = ? and is_complete",
        grain,
    )[0][0]


# -- the first view --------------------------------------------------------------------------------
@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize(("scheme", "segment"), SCOPES)
def test_the_period_table_is_the_mart(page, site, grain, scheme, segment):
    opened_at(page, site, grain=grain, scheme=scheme, segment=segment)
    shown = f.cells(page, "#periods tbody tr[data-start]")
    if segment == "all":
        rows = f.query(
            site,
            "select period_start_date, customer_count, returning_customer_count, return_rate,"
            " average_transaction_amount, average_customer_amount, vip_sales_share,"
            " average_new_customer_amount, average_returning_customer_amount, is_complete"
            " from marts.fct_period_kpis where period_grain = ? order by 1 desc",
            grain,
        )
    else:
        rows = f.query(
            site,
            "select periods.period_start_date, coalesce(own.vip_customer_count, 0),"
            " coalesce(own.returning_customer_count, 0), own.return_rate,"
            " own.average_transaction_amount, own.average_customer_amount, own.sales_share,"
            " own.average_new_customer_amount, own.average_returning_customer_amount,"
            " periods.is_complete from marts.fct_period_kpis as periods"
            " left join marts.fct_segment_sales as own on own.period_grain = periods.period_grain"
            " and own.period_start_date = periods.period_start_date and own.scheme = ?"
            " and own.segment = ? and own.dimension = 'all'"
            " where periods.period_grain = ? order by 1 desc"
            + (" limit 92" if grain == "day" else ""),
            scheme,
            segment,
            grain,
        )
    formats = [f.count, f.count, f.rate, f.amount, f.amount, f.rate, f.amount, f.amount]
    wanted = [[w(v) for w, v in zip(formats, row[1:9], strict=True)] for row in rows][:130]
    assert [row[1:] for row in shown] == wanted
    names = [f.period(grain, row[0]) for row in rows][:130]
    tags = r"( from \w+ \d+, \d+)?( \d+ of \d+ days)?$"
    assert [re.sub(tags, "", " ".join(row[0].split())) for row in shown] == names
    [(first,)] = f.query(
        site, "select min(period_start_date) from marts.fct_period_kpis where period_grain = 'day'"
    )
    if rows[-1][0] < first and len(rows) == len(shown):
        assert shown[-1][0].endswith(f"from {f.day(first)}")
    is_marked = [bool(re.search(r"\d+ of \d+ days", row[0])) for row in shown]
    assert is_marked == [not row[9] for row in rows][:130]


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize(("scheme", "segment"), SCOPES)
def test_the_trend_is_the_mart(page, site, grain, scheme, segment):
    opened_at(page, site, grain=grain, scheme=scheme, segment=segment)
    if segment == "all":
        rows = f.query(
            site,
            "select period_start_date, total_sales_amount, crm_sales_amount,"
            " ecommerce_sales_amount from marts.fct_sales_trend"
            " where period_grain = ? order by 1 desc",
            grain,
        )
    else:
        rows = f.query(
            site,
            "select periods.period_start_date, coalesce(own.sales_amount, 0),"
            " coalesce(own.crm_sales_amount, 0), coalesce(own.ecommerce_sales_amount, 0)"
            " from marts.fct_period_kpis as periods left join marts.fct_segment_sales as own"
            " on own.period_grain = periods.period_grain and own.scheme = ? and own.segment = ?"
            " and own.period_start_date = periods.period_start_date and own.dimension = 'all'"
            " where periods.period_grain = ? order by 1 desc"
            + (" limit 92" if grain == "day" else ""),
            scheme,
            segment,
            grain,
        )
    heading, *shown = f.as_table(page, "trend")
    assert heading == [*f.PERIOD, "Tot Sales", "CRM Sales", "Ecomm Sales"]
    assert shown == [
        [*f.period_cells(site, grain, row[0]), *map(f.amount, row[1:])] for row in rows
    ]
    # three lines in the user's colours, one above the other, not stacked
    strokes = page.eval_on_selector_all(
        "#trend svg path[stroke]", "paths => paths.map((path) => path.getAttribute('stroke'))"
    )
    for colour in ("#117a37", "#6b21a8", "#1a73d9"):
        assert any(stroke.lower() == colour for stroke in strokes), colour


@pytest.mark.parametrize("segment", ["all", "Champions"])
def test_the_trend_says_the_shares_of_the_mart(page, site, segment):
    opened_at(page, site, segment=segment)
    chart = page.locator("#trend .chart").bounding_box()
    page.mouse.move(chart["x"] + chart["width"] / 2, chart["y"] + 100)
    page.wait_for_selector("table.tip")
    table = "fct_sales_trend" if segment == "all" else "fct_segment_sales"
    where = "" if segment == "all" else f" and dimension = 'all' and segment = '{segment}'"
    shares = {
        f.month(start): [f"{f.rate(crm)} of total", f"{f.rate(ecommerce)} of total"]
        for start, crm, ecommerce in f.query(
            site,
            "select period_start_date, crm_sales_share, ecommerce_sales_share"
            f" from marts.{table} where period_grain = 'month'{where}",
        )
    }
    shown = f.cells(page, "table.tip tr")
    month = page.locator("table.tip caption").inner_text()
    assert [row[2] for row in shown] == ["", *shares[month]]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_split_is_the_mart(page, site, scheme):
    opened_at(page, site, scheme=scheme)
    rows = f.query(
        site,
        "select split.segment, customer_count, customer_share, sales_share, description,"
        " characteristics, recommended_action from marts.fct_segment_split as split"
        " join marts.dim_segments using (scheme, segment) where scheme = ? order by display_order",
        scheme,
    )
    shown = f.cells(page, "#split table.split tbody tr")
    wanted = [
        [f"{n}\n{row[0]}", f.count(row[1]), f.rate(row[2]), f.rate(row[3])]
        for n, row in enumerate(rows, 1)
    ]
    assert [[re.sub(r"\s+", "\n", r[0], count=1), *r[1:]] for r in shown] == wanted
    assert page.locator("#split .centre b").inner_text() == f.count(sum(row[1] for row in rows))
    assert stands_out(page) == best_segments(site, scheme)
    slices = page.locator("#split svg path").count()
    assert slices >= sum(row[1] > 0 for row in rows)
    for segment, customers, share, _, *texts in rows:
        f.choose_segment(page, segment)
        centre = page.locator("#split .centre").inner_text()
        assert f.count(customers) in centre
        assert f.rate(share) in centre
        foot = page.locator("#split .foot").inner_text()
        for text in texts:
            assert text in foot


def stands_out(page) -> list[str]:
    """What the split says of the segments that bring most, and of the one that has grown most."""
    lines = page.locator("#split .foot dd").all_inner_texts()
    return [re.sub(r"\s+", " ", line) for line in (lines[0], *lines[2:])]


def best_segments(site, scheme: str) -> list[str]:
    """The same sentences, from the marts."""
    best = f.query(
        site,
        "select split.segment, customer_share, sales_share from marts.fct_segment_split as split"
        " join marts.dim_segments using (scheme, segment) where scheme = ?"
        " order by sales_amount desc, display_order limit 2",
        scheme,
    )
    shares = [f"{f.rounded(sum(row[i] for row in best) * 100, 0)}%" for i in (1, 2)]
    names = " and ".join(row[0] for row in best)
    lines = [f"{names} are {shares[0]} of customers and bring {shares[1]} of RFM sales"]
    grown = f.query(
        site,
        "with sizes as (select as_of_date, to_segment as segment, sum(customer_count) as size"
        " from marts.fct_segment_migration where scheme = $1 group by all)"
        " select now.segment, now.size - coalesce(earlier.size, 0), now.as_of_date"
        " from sizes as now left join sizes as earlier on now.segment = earlier.segment"
        " and last_day(earlier.as_of_date) = last_day(now.as_of_date - interval 1 year)"
        " join marts.dim_segments as texts on texts.segment = now.segment"
        " and texts.scheme = $1"
        " where now.as_of_date = (select max(as_of_date) from sizes)"
        " order by 2 desc, display_order limit 1",
        scheme,
    )
    return lines + [
        f"{name}: +{f.count(gain)} in the year to {f.day(to)}" for name, gain, to in grown
    ]


CARD_COLUMNS = {
    "all": "kpis.customer_count, return_rate, average_customer_amount, crm_sales_amount,"
    " total_sales_amount from marts.fct_period_kpis as kpis"
    " join marts.fct_sales_trend using (period_grain, period_start_date) where true",
    "segment": "vip_customer_count, return_rate, average_customer_amount, crm_sales_amount,"
    " sales_amount from marts.fct_segment_sales where dimension = 'all' and scheme = $3"
    " and segment = $4",
}


def card_figures(site, scheme: str, segment: str, grain: str, start) -> list:
    """Figures of the cards in a period: customers, return rate, spend, CRM share and sales."""
    columns = CARD_COLUMNS["all" if segment == "all" else "segment"]
    found = f.query(
        site,
        f"select {columns} and period_grain = $1 and period_start_date = $2",
        *(grain, start),
        *(() if segment == "all" else (scheme, segment)),
    )
    if not found:
        return [0, None, None, None, 0]
    [(customers, returns, average, crm, sales)] = found
    return [customers, returns, average, crm / sales if sales else None, sales]


def change(now, before, is_rate: bool = False) -> str:
    """A change as a card writes it: percent, from ten times on in times; of rates in points."""
    ratio = now - before if is_rate else Decimal(now) / before - 1
    if is_rate:
        text = f"{f.rounded(abs(ratio) * 100, 1)} pts"
    elif ratio >= 9:
        text = f"{f.rounded(ratio + 1, 0):,}\N{MULTIPLICATION SIGN}"
    else:
        text = f"{f.rounded(abs(ratio) * 100, 1 if abs(ratio) < Decimal('0.0995') else 0)}%"
    glyph = "=" if not re.search("[1-9]", text) else "▲" if ratio > 0 else "▼"
    return f"{glyph} {text}"


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize(("scheme", "segment"), SCOPES)
def test_the_cards_are_the_marts(page, site, grain, scheme, segment):
    opened_at(page, site, grain=grain, scheme=scheme, segment=segment)
    start = last_complete(site, grain)
    figures = card_figures(site, scheme, segment, grain, start)
    [(earlier,)] = f.query(
        site,
        "select previous_year_start_date from intermediate.int_periods_spined"
        " where period_grain = ? and period_start_date = ?",
        grain,
        start,
    )
    # the first period of the data counts from its first day on, and is compared with nothing
    [(first,)] = f.query(
        site,
        "select min(period_start_date) from marts.fct_period_kpis where period_grain = 'day'",
    )
    is_kept = grain != "day" or segment == "all"
    before = card_figures(site, scheme, segment, grain, earlier)
    board = {
        kpi: figures
        for kpi, *figures in f.query(
            site,
            "select kpi, target, status from marts.fct_kpi_board"
            " where period_grain = ? and period_start_date = ?",
            grain,
            start,
        )
    }
    cards = {
        "customers": ("active_customer_count", f.count),
        "return-rate": ("return_rate", f.rate),
        "average-customer": (None, f.amount),
        "crm-share": ("crm_sales_share", f.rate),
        "sales": ("sales_amount", f.short_amount),
    }
    for (card, (kpi, written)), now, then in zip(cards.items(), figures, before, strict=True):
        assert page.locator(f"#card-{card} .value").inner_text() == written(now), card
        compared = page.locator(f"#card-{card} .compared").inner_text()
        target, status = board.get(kpi, (None, None)) if segment == "all" else (None, None)
        is_rate = written is f.rate
        if now is None:
            assert compared == f.NONE, card
        elif target is not None and status is not None:
            assert f"target {written(target)}" in compared, card
        elif not is_kept or earlier < first:
            assert compared == "no full year before", card
        elif then is None or (then == 0 and not is_rate):
            assert compared == "none a year before", card
        else:
            assert compared == f"{change(now, then, is_rate)} on a year before", card


@pytest.mark.parametrize("grain", ["month", "year"])
def test_the_card_of_those_at_risk_is_the_kpi_board(page, site, grain):
    opened_at(page, site, grain=grain)
    [(value, target)] = f.query(
        site,
        "select value, target from marts.fct_kpi_board where kpi = 'customers_at_risk_count'"
        " and period_grain = ? and period_start_date = ?",
        grain,
        last_complete(site, grain),
    )
    assert page.locator("#card-at-risk .value").inner_text() == f.count(value)
    compared = page.locator("#card-at-risk .compared").inner_text()
    assert ("target" in compared) == (target is not None)


@pytest.mark.parametrize(
    ("scheme", "segment"), [(*scope,) for scope in SCOPES if "all" not in scope]
)
@pytest.mark.parametrize("grain", GRAINS)
def test_the_card_of_those_in_a_segment_is_the_mart(page, site, grain, scheme, segment):
    """Of a period that holds day D it is what the split says, otherwise the last month end."""
    [(as_of,)] = f.query(site, "select as_of_date from marts.dash_settings")
    [(size,)] = f.query(
        site,
        "select customer_count from marts.fct_segment_split where scheme = ? and segment = ?",
        scheme,
        segment,
    )
    label, value, compared = (
        f"#card-in-segment .{part}" for part in ("label", "value", "compared")
    )
    [(start,)] = f.query(
        site,
        "select max(period_start_date) from marts.fct_period_kpis where period_grain = ?",
        grain,
    )
    opened_at(page, site, grain=grain, scheme=scheme, segment=segment, period=str(start))
    assert page.locator(label).inner_text() == f"In the segment, {f.day(as_of)}"
    assert page.locator(value).inner_text() == f.count(size)
    assert page.locator(compared).inner_text() == "day of the data"
    split = page.locator("#split tr.chosen").inner_text()
    assert f.count(size) in split

    opened_at(
        page,
        site,
        grain=grain,
        scheme=scheme,
        segment=segment,
        period=str(last_complete(site, grain)),
    )
    sizes = f.query(
        site,
        "select as_of_date, sum(customer_count) filter (where to_segment = $1)"
        " from marts.fct_segment_migration where scheme = $2 and as_of_date <="
        " (select period_end_date from intermediate.int_periods_spined"
        " where period_grain = $3 and period_start_date = $4)"
        " group by all order by as_of_date",
        *(segment, scheme, grain, last_complete(site, grain)),
    )
    if grain == "day":
        return  # the last day is day D
    month_end, now = sizes[-1]
    assert page.locator(label).inner_text() == f"In the segment, {f.day(month_end)}"
    assert page.locator(value).inner_text() == f.count(now)
    shown = page.locator(compared).inner_text()
    if len(sizes) <= 12:
        assert shown == "no full year before"
    elif sizes[-13][1]:
        assert shown == f"{change(now, sizes[-13][1])} on a year before"
    else:
        assert shown == "none a year before"


def test_a_card_tells_a_year_before_without_sales_from_none(page, site):
    [(segment, start)] = f.query(
        site,
        "select segment, max(period_start_date) from marts.fct_segment_sales as now"
        " where scheme = 'crm_dashboard' and period_grain = 'month' and dimension = 'all'"
        " and sales_amount > 0 and segment not in ('all', 'anonymous')"
        " and period_start_date - interval 1 year in"
        " (select period_start_date from marts.fct_period_kpis where period_grain = 'month')"
        " and not exists (from marts.fct_segment_sales as before where before.sales_amount > 0"
        " and (before.scheme, before.segment, before.period_grain, before.dimension)"
        " = (now.scheme, now.segment, now.period_grain, now.dimension)"
        " and before.period_start_date = now.period_start_date - interval 1 year)"
        " group by segment order by segment limit 1",
    )
    opened_at(page, site, segment=segment, period=str(start))
    for card in ("sales", "return-rate"):
        assert page.locator(f"#card-{card} .compared").inner_text() == "none a year before"


@pytest.mark.parametrize("method", ["fixed", "quantile"])
def test_a_segment_of_quartiles_is_not_compared_with_month_ends(page, site_with_files, method):
    """Month ends are on the fixed scale whatever day D is on."""

    def settings(as_of: str):
        page.unroute_all()
        page.route(
            "**/settings.json",
            lambda route: route.fulfill(
                body=route.fetch()
                .text()
                .replace("2026-06-18", as_of)
                .replace('"fixed"', f'"{method}"')
            ),
        )

    def card(part: str) -> str:
        return page.locator(f"#card-in-segment .{part}").inner_text()

    [(now, year_before)] = f.query(
        site_with_files,
        "select split.customer_count, previous_year_customer_count"
        " from marts.fct_segment_split as split"
        " join marts.dash_segment_size as sizes using (scheme, segment)"
        " where scheme = 'crm_dashboard' and segment = 'At Risk'"
        " and sizes.as_of_date = date '2026-05-31'",
    )
    settings("2026-05-31")
    opened_at(page, site_with_files, segment="At Risk", period="2026-05-01")
    assert (card("label"), card("value")) == ("In the segment, May 31, 2026", f.count(now))
    compared = f"{change(now, year_before)} on a year before"
    assert card("compared") == (compared if method == "fixed" else "day of the data")
    # July, August, and of the fixed scale day D
    settings("2024-09-18")
    page.goto("about:blank")
    opened_at(page, site_with_files, segment="At Risk", period="2024-09-01")
    line = page.locator("#card-in-segment .spark path").get_attribute("d")
    assert len(re.findall("[ML]", line)) == (3 if method == "fixed" else 2)
    assert card("label") == "In the segment, Sep 18, 2024"
    assert card("compared") == "day of the data"


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_a_card_holds_its_text(page, site, width):
    page.set_viewport_size({"width": width, "height": 900})
    for period in ("2026-05-01", "2026-06-01"):
        opened_at(page, site, segment="At Risk", period=period)
        cut_off = page.eval_on_selector_all(
            ".card > span",
            "spans => spans.filter((span) => span.scrollWidth > span.clientWidth)"
            ".map((span) => span.innerText)",
        )
        assert not cut_off


def test_the_first_view_fits_the_screen(page, site):
    opened_at(page, site)
    for panel in ("periods", "trend", "split"):
        box = page.locator(f"#{panel}").bounding_box()
        assert box["y"] + box["height"] <= 900
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("grain", GRAINS)
def test_no_heading_or_period_of_the_table_is_cut(page, site, grain):
    opened_at(page, site, grain=grain)
    assert (
        page.eval_on_selector_all(
            "#periods th",
            "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)",
        )
        == []
    )


@pytest.mark.parametrize("opening", [{}, {"grain": "day", "segment": "Needs Attention"}])
def test_the_period_table_ends_with_a_whole_row(page, site, opening):
    opened_at(page, site, **opening)
    region = page.locator("#periods .scroll").bounding_box()
    rows = [row.bounding_box() for row in page.locator("#periods table.periods tr").all()[:20]]
    ends = [row["y"] + row["height"] for row in rows]
    assert min(abs(end - region["y"] - region["height"]) for end in ends) < 1


def test_panels_are_named_before_they_are_drawn(page, site):
    opened_at(page, site)
    undrawn = page.eval_on_selector_all(
        ".panel",
        "panels => panels.filter((one) => !one.querySelector('.body').hasChildNodes()).length",
    )
    assert undrawn > 10
    assert all(page.locator("h3").all_inner_texts())
    f.choose_segment(page, "Promising")
    assert page.locator("#flows-title").inner_text() == "Promising: in and out"


def test_without_scripts_the_page_says_what_it_needs(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.dashboard)
    assert "allow it for this page" in page.locator("body").inner_text()
    context.close()


# -- choosing --------------------------------------------------------------------------------------
def test_a_click_on_a_segment_filters_everything(opened):
    page = opened
    f.settle(page)
    before = {panel: text_of(page, panel) for panel in ("periods", "cards", *SEGMENT_PANELS)}
    f.choose_segment(page, "Promising")
    assert "segment=Promising" in page.url
    assert page.locator(".scope").inner_text().split()[:2] == ["Only", "Promising"]
    for panel, text in before.items():
        selector = ".cards" if panel == "cards" else f"#{panel}"
        page.locator(selector).scroll_into_view_if_needed()
        # data that lie beside the page are read before the panel is drawn
        changed = "([selector, text]) => document.querySelector(selector).innerText !== text"
        wait_until(page, changed, [selector, text])
    f.choose_segment(page, "Promising")
    assert "segment" not in page.url
    assert {panel: text_of(page, panel) for panel in before} == before


def text_of(page, panel: str) -> str:
    if panel == "cards":
        return page.locator(".cards").inner_text()
    f.show(page, panel)
    if panel == "list":
        page.wait_for_selector("#list .pages")
    return page.locator(f"#{panel}").inner_text()


def test_a_click_on_the_ring_a_month_or_a_line_chooses(page, site):
    opened_at(page, site)
    ring = page.locator("#split .ring .chart").bounding_box()
    # nine o'clock: the last segment, more than half of the sample
    nine = (ring["x"] + ring["width"] / 2 - 100, ring["y"] + ring["height"] / 2)
    page.mouse.move(*nine)
    # the chart has seen the mouse and shows that a click does something there
    wait_until(
        page,
        "([x, y]) => { for (let at = document.elementFromPoint(x, y); at; at = at.parentElement)"
        " if (at.style.cursor === 'pointer') return true; return false }",
        nine,
    )
    page.mouse.click(*nine)
    wait_until(page, "location.hash.includes('segment=Dormant')")
    f.settle(page)
    page.keyboard.press("Escape")
    assert "segment" not in page.url
    page.locator("#periods table.periods tbody tr").nth(4).click()
    assert f"period={page.locator('#periods tbody tr').nth(4).get_attribute('data-start')}" in (
        page.url
    )
    chart = page.locator("#trend .chart").bounding_box()
    page.mouse.click(chart["x"] + 60, chart["y"] + 100)
    f.settle(page)
    first = page.locator("#periods table.periods tbody tr").last.get_attribute("data-start")
    assert f"period={first}" in page.url


def test_the_scheme_changes_no_figure_of_all_customers(page, site):
    opened_at(page, site)
    before = [page.locator(part).inner_text() for part in (".cards", "#periods", "#trend")]
    page.get_by_role("button", name="Value codes").click()
    f.settle(page)
    assert "scheme=customer_360" in page.url
    assert [page.locator(part).inner_text() for part in (".cards", "#periods", "#trend")] == before
    assert "Price Sensitive" in page.locator("#split").inner_text()


def test_the_address_restores_the_view(page, site):
    opened_at(page, site)
    page.get_by_role("button", name="Value codes").click()
    page.get_by_role("button", name="Quarter", exact=True).click()
    page.get_by_role("button", name="Earlier period").click()
    f.choose_segment(page, "Loyal")
    page.get_by_role("button", name="+ vs quarter").click()
    page.locator(".bar .icon").click()
    f.settle(page)
    address = page.url
    parts = [".bar", ".cards", "#periods", "#trend", "#split table", "#split .foot"]
    seen = [page.locator(part).inner_text() for part in parts]
    page.goto("about:blank")
    page.goto(address)
    f.settle(page)
    assert [page.locator(part).inner_text() for part in parts] == seen
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    for wanted in (
        "scheme=customer_360",
        "segment=Loyal",
        "grain=quarter",
        "period=",
        "change=mon",
    ):
        assert wanted in address


@pytest.mark.parametrize(
    "wrong",
    [
        "#segment=Nobody&scheme=none&grain=hour&period=1999-01-01&theme=pink&change=all",
        "#%00&=&segment=%3Cimg%20src%3Dx%3E&__proto__=1",
        *(
            f"#scheme={name}&segment={name}&grain={name}&period={name}&change={name}"
            f"&theme={name}&section={name}"
            for name in ("constructor", "__proto__", "toString")
        ),
    ],
)
def test_an_address_that_makes_no_sense_is_the_default(page, site, wrong):
    opened_at(page, site)
    usual = page.locator("main").inner_text()[:3000]
    page.goto("about:blank")
    open_dashboard(page, site, wrong)
    f.settle(page)
    assert page.locator("main").inner_text()[:3000] == usual


def test_the_way_back_leads_to_the_view_before(opened):
    page = opened
    f.settle(page)
    before = page.locator("#periods").inner_text()
    f.choose_segment(page, "Champions")
    page.get_by_role("button", name="Year", exact=True).click()
    f.settle(page)
    page.go_back()
    f.settle(page)
    assert "segment=Champions" in page.url
    assert "grain" not in page.url
    assert page.get_by_role("button", name="Month", exact=True).get_attribute("aria-pressed") == (
        "true"
    )
    page.go_back()
    f.settle(page)
    assert page.locator("#periods").inner_text() == before
    page.go_forward()
    f.settle(page)
    assert page.locator(".scope b").inner_text() == "Champions"


SECTIONS = ["segments", "board", "campaigns", "customers", "service"]


def is_at(page, section: str) -> None:
    """The section's heading is at the top, below what stays there, or as near as the page ends."""
    wait_until(
        page,
        "section => document.activeElement.closest('section')?.id === section",
        (f"section-{section}"),
    )
    f.settle(page)
    page.wait_for_timeout(300)  # what comes into sight is drawn, and must not move the heading
    top, rest, bar = page.evaluate(
        "section => [document.querySelector(`#section-${section} h2`).getBoundingClientRect().top,"
        " document.documentElement.scrollHeight - innerHeight - scrollY,"
        " Math.max(0, document.querySelector('.bar').getBoundingClientRect().bottom)]",
        section,
    )
    assert bar < top < bar + 20 or (bar < top and rest < 1), (section, top, rest, bar)
    assert page.locator(".bar select").input_value() == section


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_is_gone_to_by_link_and_by_menu(page, site_with_files, width, section):
    page.set_viewport_size({"width": width, "height": 844})
    open_dashboard(page, site_with_files, f"#section={section}")
    is_at(page, section)
    page.goto("about:blank")
    opened_at(page, site_with_files)
    page.locator(".bar select").select_option(section)
    is_at(page, section)


def test_the_menu_of_sections_follows_the_way_back(page, site):
    opened_at(page, site)
    for section in ("board", "service"):
        page.locator(".bar select").select_option(section)
        is_at(page, section)
    page.go_back()
    is_at(page, "board")
    page.go_back()
    wait_until(page, "document.querySelector('.bar select').value === 'overview'")
    wait_until(page, "scrollY === 0")
    assert "section" not in page.url
    page.go_forward()
    is_at(page, "board")


def test_another_grain_stays_at_the_day_looked_at(page, site):
    opened_at(page, site, period="2025-11-01")
    page.get_by_role("button", name="Quarter", exact=True).click()
    assert page.locator(".chosen-period").inner_text() == "Q4 2025"
    page.get_by_role("button", name="Month", exact=True).click()
    assert page.locator(".chosen-period").inner_text() == "Dec 2025"


def test_a_day_that_is_not_kept_gives_way_to_one_that_is(page, site):
    opened_at(page, site, grain="day", period="2025-02-03")
    f.show(page, "kpi-board")
    f.choose_segment(page, "Promising")
    last = f.query(site, "select max(as_of_date) from marts.fct_segment_split")[0][0]
    assert f"period={last}" in page.url
    assert page.locator(".chosen-period").inner_text() == f.day(last)
    said = "Here only the last 92 days are kept."
    assert said in page.locator("#periods .subtitle").inner_text()
    f.show(page, "kpi-board")
    assert (
        page.locator("#kpi-board .subtitle")
        .inner_text()
        .startswith(f"All customers, {f.month(last)}")
    )
    # the way back leads to the day looked at, not to its being replaced
    page.go_back()
    f.settle(page)
    assert page.locator(".chosen-period").inner_text() == "Feb 3, 2025"
    assert said not in page.locator("#periods .subtitle").inner_text()


def test_an_old_period_is_in_the_table_and_in_the_trend(page, site):
    opened_at(page, site, grain="day", period="2025-02-03")
    table = page.locator("#periods .scroll").bounding_box()
    row = page.locator("#periods tr.chosen").bounding_box()
    assert page.locator("#periods tr.chosen").get_attribute("data-start") == "2025-02-03"
    assert table["y"] < row["y"] and row["y"] + row["height"] <= table["y"] + table["height"] + 1
    assert page.evaluate("scrollY") == 0
    assert "120 days around Feb 3, 2025" in page.locator("#trend .subtitle").inner_text()
    # a click in the middle of the chart chooses the day there
    chart = page.locator("#trend .chart").bounding_box()
    page.mouse.click(chart["x"] + 52 + (chart["width"] - 52 - 124) * 70 / 119, chart["y"] + 99)
    f.settle(page)
    assert "period=2025-02-13" in page.url


def test_changes_are_shown_on_hover_and_in_the_table(page, site):
    opened_at(page, site)
    row = page.locator("#periods table.periods tbody tr").nth(1)
    row.hover()
    popover = page.locator("#period-changes")
    assert popover.is_visible()
    rows = f.cells(page, "#period-changes tbody tr")
    start = last_complete(site)
    values = [
        f.query(
            site,
            "select customer_count from marts.fct_period_kpis where period_grain = 'month'"
            " and period_start_date = cast(? as date) - to_months(?)",
            start,
            back,
        )[0][0]
        for back in (0, 1, 12)
    ]
    now, month, year = values
    assert [rows[0][1], rows[0][2], rows[0][4]] == [f.count(v) for v in values]
    for cell, before in ((rows[0][3], month), (rows[0][5], year)):
        change = f.rounded((now / before - 1) * 100, 1 if abs(now / before - 1) < 0.0995 else 0)
        assert cell == f"{'▲' if change > 0 else '▼'} {abs(change)}%"
    page.locator("#periods table.periods tbody tr").nth(0).hover()
    assert "unfinished" in popover.inner_text()
    page.get_by_role("button", name="+ vs month").click()
    f.settle(page)
    assert rows[0][3] in f.cells(page, "#periods table.periods tbody tr")[1][1]
    assert "▲" not in "".join(f.cells(page, "#periods table.periods tbody tr")[0])
    # the first year begins in July: nothing is compared with it
    page.get_by_role("button", name="Year", exact=True).click()
    f.settle(page)
    assert "no full year before" in page.locator("#card-customers").inner_text()


# -- segments --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("scheme", "segment"), SCOPES)
@pytest.mark.parametrize("grain", ["month", "year"])
def test_the_movements_are_the_mart(page, site, scheme, segment, grain):
    opened_at(page, site, scheme=scheme, segment=segment, grain=grain)
    [(as_of,)] = f.query(
        site,
        "select max(as_of_date) from marts.fct_segment_migration where scheme = ?"
        " and as_of_date < cast(? as date) + case ? when 'year' then to_years(1)"
        " else to_months(1) end",
        scheme,
        last_complete(site, grain),
        grain,
    )
    f.show(page, "migration")
    assert f.day(as_of) in page.locator("#migration .subtitle").inner_text()
    page.locator("#migration").get_by_role("button", name="Customers").click()
    order = f.query(
        site,
        "select segment from marts.dim_segments where scheme = ? order by display_order",
        scheme,
    )
    counts = dict(
        f.query(
            site,
            "select (from_segment, to_segment), customer_count from marts.fct_segment_migration"
            " where scheme = ? and as_of_date = ?",
            scheme,
            as_of,
        )
    )
    rows = f.cells(page, "#migration tbody tr")
    for (start,), row in zip(order, rows[: len(order)], strict=True):
        before = sum(n for (a, _), n in counts.items() if a == start)
        for (end,), cell in zip(order, row[1:-1], strict=True):
            n = counts.get((start, end), 0)
            assert cell == (f.NONE if before == 0 else f.count(n) if n else ""), (start, end)
        assert row[-1] == f.count(before)
    firsts, now = rows[len(order)], rows[len(order) + 1]
    assert firsts[1:-1] == [f.count(counts.get((FIRST, end), 0)) for (end,) in order]
    assert now[1:-1] == [
        f.count(sum(n for (_, b), n in counts.items() if b == end)) for (end,) in order
    ]
    assert now[-1] == f.count(sum(counts.values()))
    changes = rows[len(order) + 2]
    for name, shown in zip([name for (name,) in order] + ["all"], changes[1:], strict=True):
        before = sum(
            n for (a, _), n in counts.items() if name == a or (name == "all" and a != FIRST)
        )
        after = sum(n for (_, b), n in counts.items() if name in (b, "all"))
        assert shown == (change(after, before) if before else f.NONE), name
    _, *moves = f.as_table(page, "flows")
    moved = {k: n for k, n in counts.items() if k[0] != k[1] and (segment == "all" or segment in k)}
    scope = "All customers" if segment == "all" else segment
    month_before = str(as_of.replace(day=1) - timedelta(days=1))
    assert sorted(tuple(row[:-1]) for row in moves) == sorted(
        (scope, month_before, str(as_of), a, b, f.count(n)) for (a, b), n in moved.items()
    )
    if segment != "all":
        head = page.locator("#flows .flows-head").inner_text()
        into = sum(n for (_, b), n in moved.items() if b == segment)
        assert f"In {f.count(into)}" in head
        assert f"Out {f.count(sum(moved.values()) - into)}" in head


@pytest.mark.parametrize("dimension", ["category", "branch", "channel"])
@pytest.mark.parametrize(("scheme", "segment"), SCOPES)
@pytest.mark.parametrize("grain", ["week", "month", "year"])
def test_sales_by_dimension_are_the_mart(page, site, dimension, scheme, segment, grain):
    opened_at(page, site, scheme=scheme, segment=segment, grain=grain)
    names = dict(f.query(site, "select branch_id, branch_name from marts.dim_branches"))
    names |= {"unallocated": "not itemised", "unknown": f"no {dimension}"}
    rows = f.query(
        site,
        "select dimension_value, sales_amount, customer_count, purchase_count"
        " from marts.fct_segment_sales where scheme = ? and segment = ? and dimension = ?"
        " and period_grain = ? and period_start_date = ? order by sales_amount desc, 1",
        scheme,
        segment,
        dimension,
        grain,
        last_complete(site, grain),
    )
    if not rows:
        f.show(page, dimension)
        assert "No sales in" in page.locator(f"#{dimension}").inner_text()
        return
    _, *shown = f.as_table(page, dimension)
    period = f.period_cells(site, grain, last_complete(site, grain))
    assert shown == [
        [*period, names.get(v, v), f.amount(s), f.count(c), f.count(p)] for v, s, c, p in rows
    ]
    bars = f.cells(page, f"#{dimension} .bars tr")
    assert [(row[0], row[2]) for row in bars] == [
        (names.get(v, v), f.whole_amount(s)) for v, s, *_ in rows[:9]
    ]


@pytest.mark.parametrize(("scheme", "segment"), SCOPES)
def test_scores_profile_and_timing_are_the_marts(page, site, scheme, segment):
    opened_at(page, site, scheme=scheme, segment=segment)
    _, *grid = f.as_table(page, "grid")
    assert grid == [
        [str(r), str(q), f.count(n), f.amount(s)]
        for r, q, n, s in f.query(
            site,
            "select recency_score, frequency_score, customer_count, sales_amount"
            " from marts.dash_rfm_grid where scheme = ? and segment = ? order by 1, 2",
            scheme,
            segment,
        )
    ]
    shown = f.cells(page, "#grid tbody tr")
    by_scores = {(recency, frequency): n for recency, frequency, n, _ in grid}
    assert [[cell.split("\n")[0] for cell in row] for row in shown] == [
        [f"R {recency}", *(by_scores[recency, frequency] for frequency in "1234")]
        for recency in "4321"
    ]
    for attribute in ("age_band", "city", "loyalty", "tenure"):
        f.show(page, "profile")
        page.locator("#profile select").select_option(attribute)
        _, *profile = f.as_table(page, "profile")
        assert profile == [
            [value, f.count(count), f.rate(share), f.rate(all_share)]
            for value, count, share, all_share in f.query(
                site,
                "select attribute_value, customer_count, customer_share, all_customer_share"
                " from marts.dash_customer_profile"
                " where scheme = ? and segment = ? and attribute = ? order by display_order",
                scheme,
                segment,
                attribute,
            )
        ]
    _, *timing = f.as_table(page, "timing")
    weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert timing == [
        [weekdays[d - 1], str(h), f.count(p), f.rate(ps), f.count(r), f.rate(rs)]
        for d, h, p, ps, r, rs in f.query(
            site,
            "select day_of_week, hour_of_day, purchase_count, purchase_share,"
            " response_count, response_share from marts.fct_campaign_timing"
            " where scheme = ? and segment = ? order by 1, 2",
            scheme,
            segment,
        )
    ]


def test_a_profile_of_many_places_counts_the_rest_together(page, hostile_site):
    """A retailer has thousands of towns: eight are named, and nobody is left out."""
    opened_at(page, hostile_site, period="2025-05-01")
    f.show(page, "profile")
    page.locator("#profile select").select_option("city")
    f.settle(page)
    rows = f.cells(page, "#profile .bars tbody tr")
    assert len(rows) == 9
    [(count, share)] = f.query(
        hostile_site,
        "select customer_count, customer_share from marts.dash_customer_profile"
        " where scheme = 'crm_dashboard' and segment = 'all' and attribute = 'city'"
        " and attribute_value = 'other places'",
    )
    assert [row[0] for row in rows].count("other places") == 1
    assert rows[-1] == ["other places", "", f.rate(share), f.count(count)]
    assert sum(int(row[-1]) for row in rows) == len(HOSTILE)
    assert count == len(HOSTILE) - 8


def test_the_horizons_are_the_marts(page, site):
    opened_at(page, site, segment="Champions")
    _, *shown = f.as_table(page, "horizons")
    assert [row for row in shown if row[0] == "Year"] == [
        ["Year", *f.period_cells(site, "year", start), *map(f.amount, sales)]
        for start, *sales in f.query(
            site,
            "select period_start_date, sales_amount, crm_sales_amount, ecommerce_sales_amount"
            " from marts.fct_segment_sales where scheme = 'crm_dashboard'"
            " and segment = 'Champions' and dimension = 'all' and period_grain = 'year'"
            " order by 1 desc",
        )
    ]
    assert sum(row[0] == "Day" for row in shown) == 92
    # one year begins before the data and the other is not over: neither has a dot filled
    years = page.locator("#horizons [data-grain=year] .chart")
    assert "from Jul" in years.inner_text() and "to date" in years.inner_text()
    dots = years.evaluate(
        "(chart) => [...chart.querySelectorAll('path[stroke]')].filter((path) =>"
        " path.getBBox().width <= 2 && path.getAttribute('fill') !== 'none')"
        ".map((path) => path.getAttribute('fill'))"
    )
    assert dots.count("#ffffff") == 6, dots
    label = years.get_attribute("aria-label")
    [(total,)] = f.query(
        site,
        "select sales_amount from marts.fct_segment_sales where scheme = 'crm_dashboard'"
        " and segment = 'Champions' and dimension = 'all' and period_grain = 'year'"
        " and period_start_date = '2025-01-01'",
    )
    assert "Champions, Years" in label and f"In 2025 total {f.amount(total)}," in label


LISTED = (
    "select customer_id, {segment} rfm_score, value_tier, last_purchase_date,"
    " purchase_count_lifetime, sales_amount_lifetime, predicted_sales_amount_next_12_months,"
    " churn_risk, days_overdue from marts.customer_360 where rfm_score is not null {filter}"
    " order by sales_amount_lifetime desc, customer_id"
)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_list_is_customer_360_page_by_page(opened, site, scheme):
    page = opened
    f.settle(page)
    if scheme == "customer_360":
        page.get_by_role("button", name="Value codes").click()
    everyone = f.query(site, LISTED.format(segment=f"{scheme}_segment,", filter=""))

    def wanted(rows, has_segment: bool) -> list[list[str]]:
        text = [lambda v: f.NONE if v is None else v]
        head = text * (2 if has_segment else 1)
        formats = [*head, *text, *text, f.day, f.count, f.amount, f.amount, *text, f.count]
        return [[w(v) for w, v in zip(formats, row, strict=True)] for row in rows]

    def shown() -> list[list[str]]:
        page.wait_for_selector("#list .pages")
        return [
            [re.sub(r"^\d\s+", "", cell) if n == 1 else cell for n, cell in enumerate(row)]
            for row in f.cells(page, "#list tbody tr")
        ]

    f.show(page, "list")
    assert shown() == wanted(everyone[:12], True)
    page.get_by_role("button", name="Next page").click()
    wait_until(page, "document.querySelector('#list .pages').innerText.includes('13 to 24')")
    assert shown() == wanted(everyone[12:24], True)
    [(segment, size)] = f.query(
        site,
        f"select {scheme}_segment, count(*) from marts.customer_360"
        " where rfm_score is not null group by 1 having count(*) between 13 and 200"
        " order by 2 limit 1",
    )
    f.choose_segment(page, segment)
    f.show(page, "list")
    wait_until(page, f"document.querySelector('#list .pages')?.innerText.includes('of {size}')")
    own = f.query(site, LISTED.format(segment="", filter=f"and {scheme}_segment = '{segment}'"))
    assert [[row[0], *row[1:]] for row in f.cells(page, "#list tbody tr")] == wanted(
        own[:12], False
    )
    while page.get_by_role("button", name="Next page").is_enabled():
        before = page.locator("#list .pages").inner_text()
        page.get_by_role("button", name="Next page").click()
        wait_until(
            page, "(before) => document.querySelector('#list .pages').innerText !== before", before
        )
    assert f.cells(page, "#list tbody tr") == wanted(own[(size - 1) // 12 * 12 :], False)


# -- for everyone ----------------------------------------------------------------------------------
def panels_of(page) -> list[str]:
    return page.eval_on_selector_all(".panel", "panels => panels.map((panel) => panel.id)")


def test_every_panel_has_a_table_a_csv_and_a_picture(page, site):
    opened_at(page, site, segment="Promising")
    for panel in panels_of(page):
        heading, *rows = f.as_table(page, panel)
        assert rows, panel
        in_file, *all_rows = f.downloaded_csv(page, panel)
        assert [re.sub(", (%|pts)$", "", name) for name in in_file] == heading
        assert len(set(heading)) == len(heading), panel
        assert len(all_rows) == len(rows), panel
        with page.expect_download() as downloaded:
            f.menu(page, panel, "Download PNG")
        assert downloaded.value.path().read_bytes().startswith(b"\x89PNG")
        assert downloaded.value.path().stat().st_size > 3_000, panel


def test_every_panel_says_what_its_numbers_are(page, site):
    opened_at(page, site)
    columns = set(
        f.query(
            site,
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'marts'",
        )
    )
    for panel in panels_of(page):
        f.show(page, panel)
        f.menu(page, panel, "About these numbers")
        dialog = page.locator("dialog.about")
        named = [tuple(c.split(".")) for c in dialog.locator("code").all_inner_texts()]
        assert named and set(named) <= columns, (panel, set(named) - columns)
        assert all(text.strip() for text in dialog.locator("dd").all_inner_texts()), panel
        for mart in {mart for mart, _ in named}:
            assert dialog.locator(f"a[href$='model.clientele.{mart}']").count() == 1
        dialog.get_by_role("button", name="Close").click()


def test_the_keyboard_reaches_everything(page, site):
    opened_at(page, site)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "periods"
    page.locator("#split tbody button").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    f.settle(page)
    assert "segment=Loyal+Customers" in page.url
    focused = "document.activeElement.closest('tr').dataset.segment"
    assert page.evaluate(focused) == "Loyal Customers"
    page.keyboard.press("Escape")
    assert "segment" not in page.url
    page.locator("#trend .more").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "Download CSV"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "more"
    # the periods are one stop, and arrows go from one to another
    stops = page.locator("#periods tbody button[tabindex='0']")
    assert stops.count() == 1
    stops.focus()
    rows = page.locator("#periods tbody tr[data-start]")
    focused = "document.activeElement.closest('tr').dataset.start"
    for key, row in (
        ("End", rows.last),
        ("ArrowUp", rows.nth(rows.count() - 2)),
        ("Home", rows.first),
    ):
        page.keyboard.press(key)
        assert page.evaluate(focused) == row.get_attribute("data-start"), key
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    f.settle(page)
    assert f"period={rows.nth(2).get_attribute('data-start')}" in page.url
    assert page.evaluate(focused) == rows.nth(2).get_attribute("data-start")
    # nothing that can be clicked is out of the keyboard's reach, and all of it has a name
    unnamed = page.eval_on_selector_all(
        "button, select, a[href]",
        "all => all.filter((one) => (one.tabIndex < 0 && !one.matches('#periods tbody button')) ||"
        " !(one.getAttribute('aria-label') || one.textContent.trim())).map((o) => o.outerHTML)",
    )
    assert unnamed == []


FOCUSED = """() => {
  const { activeElement: focused } = document;
  return (focused.getAttribute("aria-label") || focused.textContent).trim();
}"""


@pytest.mark.parametrize(
    ("opening", "control", "key", "focused"),
    [
        ({"segment": "At Risk"}, ".chip", "Enter", "All customers"),
        ({}, ".period button:first-child", "Enter", "Earlier period"),
        # the second year of three: there is none before or after the one stepped to
        ({"grain": "year"}, ".period button:first-child", "Enter", "Later period"),
        ({"grain": "year"}, ".period button:last-child", "Enter", "Earlier period"),
        ({}, "#periods .choice :nth-child(2)", "Enter", "+ vs month"),
        ({"grain": "day"}, "#periods button.link", "Enter", "Feb 8, 2026"),
        ({}, "#migration .choice :nth-child(2)", "Enter", "Customers"),
        ({}, "#timing .choice :nth-child(2)", "Enter", "Responses"),
        ({}, "#profile select", "ArrowDown", "Attribute"),
        ({}, "#list .pages button:last-child", "Enter", "Next page"),
        ({"segment": "Needs Attention"}, "#list .pages button:last-child", "Enter", "Earlier page"),
        ({}, "#kpi-board [data-key=new_customer_count]", "Enter", "New customers"),
        ({}, "#satisfaction .choice :nth-child(2)", "Enter", "CSAT"),
    ],
)
def test_what_was_used_is_in_focus(page, site, opening, control, key, focused):
    """Also where it is drawn anew; what cannot be used any more gives it to its neighbour."""
    opened_at(page, site, **opening)
    panel = re.match(r"#([\w-]+)", control)
    if panel:
        f.show(page, panel[1])
    page.locator(control).focus()
    before = page.locator("body").inner_html()
    page.keyboard.press(key)
    wait_until(page, "before => document.body.innerHTML !== before", before)
    f.settle(page)
    assert page.evaluate(FOCUSED) == focused


def test_escape_closes_what_lies_on_top_first(page, site):
    opened_at(page, site, segment="At Risk")
    page.locator("#card-sales").focus()
    page.keyboard.press("Enter")
    assert page.locator("dialog.about").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog.about").is_visible()
    page.locator("#periods tbody button").nth(1).focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("#period-changes").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#period-changes").is_visible()
    assert "segment=At+Risk" in page.url
    page.keyboard.press("Escape")
    assert "segment" not in page.url


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], ground) => [r, g, b].map((v, i) => v * a + ground[i] * (1 - a));
  const groundOf = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((ground, layer) => over(layer, ground), [255, 255, 255]);
  };
  const light = (rgb) => {
    const part = (v) => (v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(rgb[0]) + 0.7152 * part(rgb[1]) + 0.0722 * part(rgb[2]);
  };
  const bad = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest('script, .hidden-text, :disabled, #split svg, #flows svg')) continue;
    const style = getComputedStyle(element);
    const ground = groundOf(element.closest('svg')?.parentElement || element);
    const colour = element.closest('svg') ? style.fill : style.color;
    const [a, b] = [light(over(rgba(colour), ground)), light(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    seen += 1;
    const said = `${walker.currentNode.data.slice(0, 40)} (${element.className})`;
    if (ratio < 4.5) bad.push(`${ratio.toFixed(2)} ${said}`);
  }
  return [seen, bad];
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("segment", ["all", "At Risk"])
def test_every_text_stands_out_from_its_ground(page, site, theme, segment):
    opened_at(page, site, theme=theme, segment=segment, change="month")
    for panel in panels_of(page):
        f.show(page, panel)
    seen, bad = page.evaluate(CONTRAST)
    assert seen > 500
    assert bad == []


@pytest.mark.parametrize("width", [320, 390, 768, 1100, 1440, 1920])
def test_nothing_reaches_over_the_side(page, site, width):
    page.set_viewport_size({"width": width, "height": 844})
    opened_at(page, site, segment="Needs Attention")
    for panel in panels_of(page):
        f.show(page, panel)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('main *, .bar *')].filter((one) =>"
        " one.childNodes.length && [...one.childNodes].some((n) => n.nodeType === 3 &&"
        " n.data.trim()) && one.checkVisibility()).map((one) =>"
        " parseFloat(getComputedStyle(one).fontSize)))"
    )
    assert smallest >= 11


CUT = """() => {
  const found = [];
  const names = document.querySelectorAll('.kpi bdi, .matrix thead bdi, .split bdi, .moves bdi');
  for (const name of names) {
    const isCut = name.scrollWidth > name.clientWidth || name.scrollHeight > name.clientHeight + 1;
    const text = name.firstChild;
    const isBroken = [...text.data.matchAll(/\\S+/g)].some(({ 0: word, index }) => {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      return range.getClientRects().length > 1;
    });
    if (isCut || isBroken) found.push(text.data);
  }
  for (const card of document.querySelectorAll('.card')) {
    const line = card.querySelector('.spark').getBoundingClientRect();
    for (const part of card.querySelectorAll('.label, .value, .compared')) {
      const range = document.createRange();
      range.selectNodeContents(part);
      const text = range.getBoundingClientRect();
      const isApart = text.right <= line.left || text.bottom <= line.top || line.bottom <= text.top;
      if (!isApart) found.push(`a line over ${part.innerText}`);
    }
  }
  const controls = [
    ...document.querySelectorAll('.bar :is(.period, .choice), .bar > :is(button, select, a)'),
  ];
  const heights = new Set(controls.map((one) => one.getBoundingClientRect().height));
  if (heights.size > 1) found.push(`controls ${[...heights]} px high`);
  return found;
}"""


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_nothing_is_cut_broken_or_covered(page, site, width):
    page.set_viewport_size({"width": width, "height": 844})
    opened_at(page, site)
    for panel in ("migration", "flows", "kpi-board"):
        f.show(page, panel)
    assert page.evaluate(CUT) == []


def test_paper_shows_figures_and_no_controls(page, site):
    opened_at(page, site, segment="Promising")
    f.show(page, "list")
    page.emulate_media(media="print")
    for control in (".bar button.icon", ".panel .more", ".choice", ".bar select", ".pages button"):
        assert not page.locator(control).first.is_visible()
    for part in ("#periods table", "#split table", "#card-sales", ".chosen-period"):
        assert page.locator(part).first.is_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_paper_is_light(page, site):
    opened_at(page, site, theme="dark")
    inks = (
        "[...new Set([...document.querySelectorAll('.card .value, #trend text, #churn text')].map("
    )
    inks += "one => getComputedStyle(one)[one.tagName === 'text' ? 'fill' : 'color']))]"
    f.show(page, "churn")
    dark = page.evaluate(inks)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    light = page.evaluate(inks)
    assert "rgb(20, 24, 31)" in light
    assert not set(light) & set(dark)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    f.show(page, "churn")
    assert page.evaluate(inks) == dark


# -- safety and odd data ---------------------------------------------------------------------------
NONSENSE = re.compile(r"\bNaN\b|undefined|\[object|Infinity|\bnull\b|Invalid")


def walk(page) -> str:
    """Show every panel; what the page says in the end."""
    for panel in panels_of(page):
        f.show(page, panel)
    return page.locator("body").inner_text()


def test_hostile_names_are_text(page, hostile_site):
    opened_at(page, hostile_site, period="2025-05-01")
    walk(page)
    for panel in ("category", "branch", "list"):
        heading, *rows = f.as_table(page, panel)
        assert heading and rows
    everything = page.evaluate("document.body.textContent")
    assert sum(name in everything for name in HOSTILE) >= len(HOSTILE) - 3
    assert page.locator("img, body script:not([type])").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    rows = f.downloaded_csv(page, "list")
    assert "'=cmd()" in [row[0] for row in rows]
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+@")]
    for segment in [row[0] for row in f.cells(page, "#split tbody tr")]:
        f.choose_segment(page, segment.split("\n")[-1].strip())
        assert not NONSENSE.search(walk(page).replace("__proto__", ""))


def test_without_a_sale_the_page_says_so(page, empty_site):
    opened_at(page, empty_site)
    text = walk(page)
    assert "No purchase has been accepted" in text
    assert not NONSENSE.search(text)
    page.get_by_role("button", name="Value codes").click()
    f.choose_segment(page, "Champion")
    text = walk(page)
    assert "Nobody is in Champion now." in text
    assert not NONSENSE.search(text)


def test_one_sale_is_shown_as_it_is(page, one_transaction_site):
    for grain in GRAINS:
        opened_at(page, one_transaction_site, grain=grain)
        text = walk(page)
        assert not NONSENSE.search(text), grain
        assert page.locator("#card-customers .value").inner_text() == "1"
        assert "$12.30" in text
        # a dot, where a line needs two
        assert page.locator("#trend svg path").count() > 0


def test_what_is_missing_is_said_and_the_rest_is_drawn(page, optional_tables_missing_site):
    opened_at(page, optional_tables_missing_site)
    text = walk(page)
    assert not NONSENSE.search(text)
    assert page.locator("#periods table.periods tbody tr").count() > 12
    for panel in ("satisfaction", "leads"):
        assert "Fill raw." in page.locator(f"#{panel}").inner_text(), panel


def test_a_mart_that_is_missing_is_named(page, site_with_files):
    page.route(
        "**/catalog.json",
        lambda route: route.fulfill(
            body=route.fetch()
            .text()
            .replace('"cohort_retention":{', '"cohort_retention":{"missing":true,')
        ),
    )
    opened_at(page, site_with_files)
    f.show(page, "cohorts")
    assert "dbt build --select fct_cohort_retention" in page.locator("#cohorts").inner_text()
    assert page.locator("#periods table.periods tbody tr").count() > 12


def test_figures_that_cannot_be_read_are_said(page, site_with_files):
    page.route("**/segment_migration.json", lambda route: route.abort())
    opened_at(page, site_with_files)
    f.show(page, "migration")
    page.wait_for_selector("#migration p.says")
    assert "could not be read" in page.locator("#migration").inner_text()
    page.watch.errors.clear()


@pytest.mark.parametrize("file", ["catalog", "period_kpis"])
def test_without_its_data_the_page_says_what_to_do(page, site_with_files, file):
    page.route(f"**/{file}.json", lambda route: route.fulfill(status=404))
    page.goto(site_with_files.dashboard)
    said = page.get_by_role("alert").inner_text()
    assert said == (
        f"The page could not be drawn. These figures could not be read (data/{file}.json: 404)."
        ' Serve the folder with "make serve" and open the page again.'
    )
    page.watch.errors.clear()


def test_another_error_is_said_as_it_is(page, site_with_files):
    page.route(
        "**/settings.json",
        lambda route: route.fulfill(body=route.fetch().text().replace('"en-US"', '"no locale"')),
    )
    page.goto(site_with_files.dashboard)
    said = page.get_by_role("alert").inner_text()
    assert said == "The page could not be drawn. Invalid language tag: no locale"
    page.watch.errors.clear()


def test_a_choice_before_the_figures_are_there_waits_for_them(page, site_with_files):
    held = []
    page.route("**/segment_periods.json", lambda route: held.append(route))
    open_dashboard(page, site_with_files)
    everyone = page.locator("#periods table.periods").inner_text()
    page.locator("#split tbody button").first.click()
    page.wait_for_timeout(300)
    # the figures of all customers never stand under the segment's name
    assert "Champions" not in page.locator("#periods .subtitle").inner_text()
    for route in held:
        route.continue_()
    wait_until(page, "document.querySelector('#periods .subtitle').textContent.includes('Champ')")
    f.settle(page)
    assert page.locator("#periods table.periods").inner_text() != everyone
    assert page.locator(".scope b").inner_text() == "Champions"


def test_dashboard_and_documentation_lead_to_each_other(page, site):
    opened_at(page, site)
    page.locator(".bar a.button").click()
    page.wait_for_url("**/docs/index.html*")
    page.locator("a[href='../dashboard/index.html']").first.click()
    page.wait_for_url("**/dashboard/index.html")
    f.settle(page)


def test_pictures_are_kept(screenshots, site):
    def everything(page) -> None:
        f.settle(page)
        for panel in panels_of(page):
            f.show(page, panel)
        page.evaluate("scrollTo(0, 0)")
        f.settle(page)

    def with_segment(page) -> None:
        f.settle(page)
        f.choose_segment(page, "At Risk")
        everything(page)

    screenshots(site, "all", everything)
    screenshots(site, "at_risk", with_segment)
