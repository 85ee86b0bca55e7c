"""What the tests of other engines share: servers of their own, started when needed.

`make test-engines` and `make test-spark` run them; `pytest tests/engines/test_x.py` one. Where
PostgreSQL or Java for Spark is absent and cannot be installed its tests are skipped.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import postgres_server
import pytest
import spark_cluster
from dbt_runs import PROJECT, DbtRuns
from engine import started
from postgres import Postgres
from postgres_server import Server
from spark import Spark

FOLDER = PROJECT / "build/test-engines"


@pytest.fixture(scope="session")
def folder(worker_id) -> Path:
    """A folder of this worker's own."""
    path = FOLDER / worker_id
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(scope="session")
def duck(folder) -> DbtRuns:
    """Runs of dbt on DuckDB."""
    return DbtRuns(folder / "duckdb")


@pytest.fixture(scope="session")
def server(folder) -> Iterator[Server]:
    """A server with no database but the one it starts with; it is gone after the tests."""
    with started(postgres_server, folder / "server", "PostgreSQL") as server:
        yield server


@pytest.fixture(scope="session")
def database(server, folder) -> Callable[..., Postgres]:
    """Make an empty database of the server."""

    def make(name: str, options: str = "") -> Postgres:
        return Postgres(server, name, folder / "postgres").create(options)

    return make


@pytest.fixture(scope="session")
def cluster(folder) -> Iterator[Spark]:
    """A Spark cluster without a table; it is gone after the tests.

    Each worker of pytest-xdist would have one of its own: `make test-spark` has no workers, and
    `make test-engines` keeps the tests of a file together.
    """
    place = folder / "cluster"
    with started(spark_cluster, place, "Spark") as cluster:
        yield Spark(cluster, place / "warehouse", folder / "spark")


@pytest.fixture
def spark(cluster) -> Spark:
    """The cluster, emptied, and started anew where the test before was its end."""
    cluster.start()
    return cluster.empty()


@pytest.fixture
def raw(tmp_path) -> Path:
    """A raw folder with two transactions."""
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "transactions.csv").write_text(
        "transaction_id,customer_id,transacted_at,amount\n"
        't1," c1 ",2024-01-01,"1,5"\nt2,,2024-01-02,"say ""hi""\n\\N"\n',
        encoding="utf-8",
    )
    return folder
