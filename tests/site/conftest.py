"""What the tests of the site share. `make test-site` runs them; `pytest tests/site/test_x.py` one.

Sites (session fixtures, each a `sites.Site` with `folder`, `database`, `url`, `dashboard` and
`dashboard_file`; built once for all workers, databases kept while models and data stay the same):

    site                          the sample, its data inside the page
    site_with_files               the sample, its data in files beside the page
    hostile_site                  names and keys as hostile as they come (sites.HOSTILE)
    empty_site                    no accepted transaction
    one_transaction_site          one purchase
    optional_tables_missing_site  the sample's transactions and nothing else
    many_customers_site           one purchase each of 10,500 customers, in files beside the page

A test of a panel takes `page` and a site:

    from sites import open_dashboard

    def test_split_names_every_segment(page, site):
        open_dashboard(page, site)                    # over http, until the first view is drawn
        open_dashboard(page, site, "#scheme=customer_360")
        open_dashboard(page, site, by_double_click=True)
        assert page.get_by_role("table", name="...").is_visible()

`page` is Playwright's; when the test ends it fails if the console showed an error, if code threw,
or if a request went to any host but 127.0.0.1. `opened` is a `page` with the sample's dashboard in
each of three modes: by double click, over http with the data inside, over http with files.
`screenshots(site, "name")` writes build/test-site/screenshots/name_<width>_<scheme>.png of the
whole page, 1440, 768 and 390 wide, light and dark; a third argument, a function that is given the
page, may click something first. Tests of the data need no browser: see test_build_site.py.
"""

import functools
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
import serve_site
import sites
from dbt_runs import DbtRuns
from sites import FOLDER, Databases, Site, open_dashboard, wait_until

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
WIDTHS = {1440: 900, 768: 1024, 390: 844}
MODES = ["by double click", "data inside", "data beside"]


# -- sites -----------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def databases() -> Databases:
    return Databases(DbtRuns(FOLDER / "dbt"))


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """Address of the folder with all sites, served as `make serve` does."""
    folder = FOLDER / "sites"
    folder.mkdir(parents=True, exist_ok=True)
    with serve_site.bind(0) as listening:
        server = serve_site.server(folder)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def new_site(databases, served, testrun_uid) -> Callable[..., Site]:
    """Build a site: a name, a function that writes its raw files, and where its data go."""

    def build(
        name: str, make_raw: Callable | None = None, inside: bool = True, database: str = ""
    ) -> Site:
        databases.build("sample")  # the documentation is that of the sample
        built = databases.build(database or name, make_raw)
        folder = sites.build(name, built, databases.target, testrun_uid, inside=inside)
        return Site(name, folder, built, f"{served}{name}/")

    return build


@pytest.fixture(scope="session")
def site(new_site) -> Site:
    return new_site("sample")


@pytest.fixture(scope="session")
def site_with_files(new_site) -> Site:
    return new_site("sample_with_files", inside=False, database="sample")


@pytest.fixture(scope="session")
def hostile_site(new_site) -> Site:
    return new_site("hostile", sites.make_hostile)


@pytest.fixture(scope="session")
def empty_site(new_site) -> Site:
    return new_site("empty", sites.make_empty)


@pytest.fixture(scope="session")
def one_transaction_site(new_site) -> Site:
    return new_site("one_transaction", sites.make_one_transaction)


@pytest.fixture(scope="session")
def optional_tables_missing_site(new_site) -> Site:
    return new_site("transactions_only", sites.make_transactions_only)


@pytest.fixture(scope="session")
def many_customers_site(new_site) -> Site:
    return new_site("many_customers", sites.make_many_customers, inside=False)


# -- browser ---------------------------------------------------------------------------------------
def find_browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def install_browser() -> None:
    """Debian's chromium, where we may."""
    if os.geteuid() or not shutil.which("apt-get"):
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends"]
    install += ["chromium", "fonts-dejavu-core"]
    for command in (install, ["apt-get", "update"], install):
        done = subprocess.run(
            command,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            check=False,
        )
        if command is install and not done.returncode:
            return


@pytest.fixture(scope="session")
def browser():
    """Chromium, without a window; what needs it is skipped where there is none."""
    with sites.locked("browser"):
        if not find_browser():
            install_browser()
    executable = find_browser()
    if executable is None:
        pytest.skip("no chromium was found; install it with: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Watch:
    """What a page must not do: errors on the console, exceptions, requests to other hosts."""

    def __init__(self, page) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("dialog", self.on_dialog)

    def on_console(self, message) -> None:
        if message.type == "error":
            self.errors.append(f"console: {message.text}")

    def on_dialog(self, dialog) -> None:
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def complaints(self) -> list[str]:
        outside = [url for url in self.requests if not is_own(url)]
        return [*self.errors, *(f"request to {url}" for url in outside)]


def is_own(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "file") or parts.hostname == "127.0.0.1"


@pytest.fixture
def page(browser):
    """A page of a browser that has seen nothing yet; see the top of this file."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.watch = Watch(page)
    # Playwright's own way polls with eval, which the page's policy forbids
    page.wait_for_function = functools.partial(wait_until, page)
    yield page
    complaints = page.watch.complaints()
    context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture(params=MODES)
def opened(request, page):
    """The sample's dashboard, drawn, in each mode."""
    mode = request.param
    wanted = request.getfixturevalue("site_with_files" if mode == "data beside" else "site")
    open_dashboard(page, wanted, by_double_click=mode == "by double click")
    return page


@pytest.fixture
def screenshots(browser) -> Callable[..., None]:
    """Write pictures of a dashboard; see the top of this file."""

    def take(site: Site, name: str, act: Callable | None = None) -> None:
        folder = FOLDER / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        for width, height in WIDTHS.items():
            for scheme in ("light", "dark"):
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                    reduced_motion="reduce",
                    locale="en-US",
                )
                page = context.new_page()
                watch = Watch(page)
                open_dashboard(page, site)
                if act:
                    act(page)
                page.screenshot(path=folder / f"{name}_{width}_{scheme}.png", full_page=True)
                context.close()
                assert not watch.complaints(), watch.complaints()

    return take
