"""What every engine beside DuckDB has in common: raw files are loaded, then dbt runs."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from dbt_runs import PROJECT, SALT, DbtRuns, Result
from postgres_server import ServerError


@contextmanager
def started(program, place: Path, name: str) -> Iterator:
    """What a module of scripts/ starts in a folder, with nothing in it; it is gone afterwards.

    Where it cannot be installed its tests are skipped; one that does not start is a failure.
    """
    try:
        program.install()
    except ServerError as error:
        pytest.skip(f"{name} was not tested: {error}")
    program.stop(place, remove=True)
    server = program.start(place)
    try:
        yield server
    finally:
        program.stop(place, remove=True)


class Engine:
    """Runs of dbt and of the load command on one target."""

    target: str
    time_limit = 300

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        """Name a folder of its own and the settings that lead to it."""
        self.runs = DbtRuns(folder)
        self.settings = dict(settings)

    def read(self, sql: str) -> list[tuple]:
        """Rows of a query on the marts."""
        raise NotImplementedError

    def load(self, raw: Path, *options: str, **settings: str) -> Result:
        """Load a raw folder with the project's command."""
        command = [sys.executable, "scripts/load_raw.py", "--target", self.target]
        done = subprocess.run(
            [*command, "--raw", str(raw), *options],
            cwd=PROJECT,
            env=self.environment() | settings,
            capture_output=True,
            text=True,
        )
        return Result(done.returncode, done.stdout + done.stderr)

    def environment(self) -> dict[str, str]:
        """Settings of a script, and none of the user's own."""
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.runs.folder),
            **self.settings,
            "DBT_TARGET_PATH": str(self.runs.folder / "target_load"),
            "DBT_LOG_PATH": str(self.runs.folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }

    def dbt(
        self,
        *arguments: str,
        variables: Mapping | None = None,
        environment: Mapping[str, str] | None = None,
        succeeds: bool | None = True,
    ) -> Result:
        """Run ``dbt <arguments>`` on the target."""
        return self.runs(
            *arguments,
            "--target",
            self.target,
            variables=variables,
            environment={**self.settings, "CRM_ERASURE_SALT": SALT} | dict(environment or {}),
            succeeds=succeeds,
            time_limit=self.time_limit,
        )
