"""What the tests of other engines share: a PostgreSQL server of their own, started when needed.

`make test-engines` runs them; `pytest tests/engines/test_x.py` one. Where PostgreSQL is absent and
cannot be installed its tests are skipped, and the last line says so.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres_server
import pytest
from dbt_runs import PROJECT
from postgres import Postgres
from postgres_server import Server, ServerError

FOLDER = PROJECT / "build/test-engines"
NOT_TESTED = "PostgreSQL was not tested"


@pytest.fixture(scope="session")
def folder(worker_id) -> Path:
    """A folder of this worker's own."""
    path = FOLDER / worker_id
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(scope="session")
def server(folder) -> Iterator[Server]:
    """A server with no database but the one it starts with; it is gone after the tests."""
    place = folder / "server"
    try:
        postgres_server.stop(place, remove=True)
        started = postgres_server.start(place)
    except ServerError as error:
        pytest.skip(f"{NOT_TESTED}: {error}")
    try:
        yield started
    finally:
        postgres_server.stop(place, remove=True)


@pytest.fixture(scope="session")
def database(server, folder) -> Callable[..., Postgres]:
    """Make an empty database of the server."""

    def make(name: str, options: str = "") -> Postgres:
        return Postgres(server, name, folder / "postgres").create(options)

    return make


def pytest_terminal_summary(terminalreporter) -> None:
    """One line that nobody overlooks."""
    reasons = {
        reason[1]
        for report in terminalreporter.stats.get("skipped", [])
        if (reason := re.search(rf"({NOT_TESTED}: .*?)['\")]*$", str(report.longrepr)))
    }
    for reason in reasons:
        terminalreporter.write_line(f"!!! {reason}", red=True, bold=True)
