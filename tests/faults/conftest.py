"""What the tests of faults share."""

import pytest
from dbt_runs import DbtRuns
from faults import write_raw_loads, write_raw_sets


@pytest.fixture(scope="session")
def worker_runs(tmp_path_factory) -> DbtRuns:
    """Runs of dbt on this worker's database."""
    return DbtRuns(tmp_path_factory.mktemp("dbt"))


@pytest.fixture
def dbt(worker_runs) -> DbtRuns:
    """Runs of dbt on a database that is not there at the start of the test."""
    worker_runs.forget()
    return worker_runs


@pytest.fixture(scope="session")
def raws(tmp_path_factory) -> dict:
    """Folders of two sets of raw data."""
    return write_raw_sets(tmp_path_factory.mktemp("raw"))


@pytest.fixture(scope="session")
def loads(tmp_path_factory) -> dict:
    """Folders of two loads of one source."""
    return write_raw_loads(tmp_path_factory.mktemp("raw"))
