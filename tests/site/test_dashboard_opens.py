"""Each site opens, in each way, without an error and without a request to anywhere else."""

import pytest
from sites import HOSTILE, open_dashboard, wait_until

SITES = [
    "site",
    "site_with_files",
    "hostile_site",
    "empty_site",
    "one_transaction_site",
    "optional_tables_missing_site",
]


@pytest.mark.parametrize("name", SITES)
def test_the_dashboard_draws_its_first_view(page, request, name):
    site = request.getfixturevalue(name)
    open_dashboard(page, site)
    page.wait_for_load_state("networkidle")
    assert page.title()
    assert page.locator("h1").count() == 1


def test_it_opens_by_double_click(page, site):
    open_dashboard(page, site, by_double_click=True)
    page.wait_for_load_state("networkidle")
    # the file is all it takes
    assert [url for url in page.watch.requests if not url.startswith(("data:", "blob:"))] == [
        site.dashboard_file
    ]


def test_every_mode_shows_the_same_text(opened, request, browser, site):
    other = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
    open_dashboard(other, site)
    for each in (opened, other):
        each.wait_for_load_state("networkidle")
    assert opened.locator("main").inner_text() == other.locator("main").inner_text()
    other.close()


def test_hostile_names_are_only_text(page, hostile_site):
    open_dashboard(page, hostile_site)
    page.wait_for_load_state("networkidle")
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("({}).polluted") is None
    # a long name does not make the page wide
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert len(HOSTILE[-1]) == 10_000


def test_the_landing_page_leads_on(page, site):
    page.goto(site.url)
    page.get_by_role("link", name="Dashboard").click()
    page.wait_for_url("**/dashboard/index.html")
    wait_until(page, "performance.getEntriesByName('first-view').length > 0")


def test_the_documentation_leads_back(page, site):
    page.goto(f"{site.url}docs/index.html#!/model/model.clientele.fct_segment_sales")
    # the icons of the tree, which dbt's page asks for before it knows which
    wait_until(page, "document.querySelector('.menu-icon-off use')?.getBoundingClientRect().width")
    page.goto(f"{site.url}docs/index.html")
    page.get_by_text("which mart answers what", exact=False).first.wait_for()
    page.get_by_role("link", name="← Dashboard").click()
    page.wait_for_url("**/dashboard/index.html")


# -- the watch sees what it is there for -----------------------------------------------------------
@pytest.mark.parametrize(
    "script, complaint",
    [
        ("console.error('oh no')", "console: oh no"),
        ("setTimeout(() => { throw new Error('oh no') })", "exception: oh no"),
        ("alert('oh no')", "dialog: oh no"),
    ],
)
def test_a_bad_page_is_noticed(page, site, script, complaint):
    page.goto(site.url)
    page.evaluate(script)
    page.wait_for_timeout(100)
    assert page.watch.complaints() == [complaint]
    page.watch.errors.clear()


def test_a_request_to_elsewhere_is_noticed_and_stopped(page, site):
    open_dashboard(page, site)
    page.evaluate("fetch('http://localhost:9/x').catch(() => 0)")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://[::1]:9/y'}))")
    page.wait_for_timeout(200)
    complaints = " ".join(page.watch.complaints())
    # the policy of the page keeps them from leaving
    assert complaints.count("Content Security Policy") >= 2, complaints
    page.watch.errors.clear()
    page.watch.requests.clear()


def test_a_script_that_is_not_of_the_page_does_not_run(page, site):
    open_dashboard(page, site)
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        " {textContent: 'window.injected = true'}))"
    )
    assert page.evaluate("window.injected") is None
    page.watch.errors.clear()
