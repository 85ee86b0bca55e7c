"""What the tests share: dbt on a database of their own, and the project compiled for speed."""

import contextlib
import fcntl
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from compiled import CompiledProject
from dbt_runs import DbtRuns, copy_project


@pytest.fixture(scope="session")
def worker_folder(tmp_path_factory) -> Path:
    """A folder of this worker's own."""
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory, worker_id) -> Path:
    """A folder that all workers of this session share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def worker_runs(worker_folder) -> DbtRuns:
    """Runs of dbt on this worker's database."""
    return DbtRuns(worker_folder)


@pytest.fixture
def dbt(worker_runs) -> DbtRuns:
    """Runs of dbt on a database that is empty at the start of the test."""
    worker_runs.forget()
    return worker_runs


@contextlib.contextmanager
def locked(path: Path):
    """Keep the other workers out."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def compiled(worker_runs, shared_folder) -> Callable[..., CompiledProject]:
    """Return the project compiled for a set of variables; workers share the work."""
    kept: dict[Path, CompiledProject] = {}

    def compile_project(variables: Mapping | None = None) -> CompiledProject:
        name = worker_runs.target(variables).name
        path = shared_folder / f"{name}.pickle"
        if path not in kept:
            with locked(shared_folder / f"{name}.lock"):
                if not path.exists():
                    path.write_bytes(pickle.dumps(CompiledProject(worker_runs, variables)))
            kept[path] = pickle.loads(path.read_bytes())
        return kept[path]

    return compile_project


@pytest.fixture
def project_copy(tmp_path) -> Path:
    """A copy of the project that a test may change."""
    return copy_project(tmp_path / "project")
