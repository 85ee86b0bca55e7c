"""Runs dbt as a process of its own, without importing it anew each time.

A server process imports dbt once, reads the project (dbt_warm.py) and forks for every run: a run
has its own environment, output and lock on the database file, as one from the shell has, but starts
in a tenth of a second.
"""

import contextlib
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path
from unittest import mock

import duckdb
import yaml

PROJECT = Path(__file__).resolve().parents[2]
PROJECT_PARTS = ["dbt_project.yml", "profiles.yml", "plugins", "macros", "models", "seeds"]
PROJECT_PARTS += ["snapshots", "tests"]
TIME_LIMIT = 300
# databases that are compared need the same keys of erased customers
SALT = "00112233445566778899aabbccddeeff"

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(["dbt.adapters.duckdb", "dbt_runs", "dbt_warm"])


@dataclass(frozen=True)
class Result:
    """How a run ended and what it said."""

    exit_code: int
    output: str

    @property
    def text(self) -> str:
        """The output on one line, so that a sentence can be looked for in it."""
        return re.sub(r"\s+", " ", self.output)


def set_up(project: str, environment: dict[str, str]) -> None:
    """Go to the project, with these settings and none of the user's own."""
    for name in [name for name in os.environ if name.startswith(("CRM_", "DBT_"))]:
        del os.environ[name]
    os.environ.update(environment)
    os.chdir(project)


def run_in_this_process(
    project: str, arguments: list[str], environment: dict[str, str], log: str
) -> None:
    """Do what ``dbt <arguments>`` does, its output in a file, and end with its exit code."""
    with open(log, "wb", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    set_up(project, environment)
    code = 70
    try:
        from dbt.cli.main import cli

        cli(arguments, prog_name="dbt")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(code)


def new_process(target, *arguments):
    """A process that the server forks, not started yet."""
    # the server takes over the environment, but not the path that pytest has set
    with mock.patch.dict(os.environ, PYTHONPATH=str(Path(__file__).parent)):
        forkserver.ensure_running()
    return _server.Process(target=target, args=arguments)


def wait_for(process, time_limit: int = TIME_LIMIT) -> int:
    """Start a process, wait for its end and return its exit code."""
    process.start()
    process.join(time_limit)
    if process.is_alive():
        process.kill()
        process.join()
    exit_code = process.exitcode
    process.close()
    return exit_code


def run_many_in_this_process(
    project: str,
    commands: list[tuple[list[str], dict[str, str]]],
    environment: dict[str, str],
    results: str,
) -> None:
    """Run commands one after another, the project being parsed only once."""
    set_up(project, environment)
    from dbt.cli.main import dbtRunner

    said: list[str] = []
    manifest = dbtRunner().invoke(["--quiet", "parse"]).result
    runner = dbtRunner(manifest=manifest, callbacks=[lambda event: said.append(event.info.msg)])
    answers = []
    for arguments, settings in commands:
        said.clear()
        os.environ.update(settings)
        success = runner.invoke(arguments).success
        answers.append([0 if success else 1, "\n".join(said)])
    Path(results).write_text(json.dumps(answers), encoding="utf-8")


class DbtRuns:
    """Runs dbt on one database file in one folder."""

    def __init__(self, folder: Path, project: Path = PROJECT) -> None:
        """Keep database, targets and logs in ``folder``."""
        self.folder = folder
        self.project = project
        # always the same: dbt parses everything anew when the profile changes
        self.database = folder / "clientele_test.duckdb"
        self.folder.mkdir(parents=True, exist_ok=True)

    def forget(self) -> None:
        """Remove the database; what dbt has parsed is kept."""
        for path in self.folder.glob("*.duckdb*"):
            # a build that was killed or had no room leaves a folder of what it spilled
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    @contextlib.contextmanager
    def put_aside(self) -> Iterator[None]:
        """Leave the place to another database, which is forgotten at the end.

        So that both are built with what dbt has parsed: it goes by the path of the database, too.
        """
        aside = self.folder / "aside"
        aside.mkdir()
        for path in self.folder.glob("*.duckdb*"):
            path.rename(aside / path.name)
        try:
            yield
        finally:
            self.forget()
            for path in aside.iterdir():
                path.rename(self.folder / path.name)
            aside.rmdir()

    def target(self, variables: Mapping | None = None) -> Path:
        """Folder of what dbt parses and compiles, one for each set of variables."""
        text = json.dumps(variables or {}, sort_keys=True, default=str)
        return self.folder / f"target_{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def settings(self, variables: Mapping | None) -> dict[str, str]:
        """Environment of a run."""
        return {
            "CRM_DATABASE": str(self.database),
            "CRM_ERASURE_SALT": SALT,
            "DBT_PROFILES_DIR": str(self.project),
            "DBT_PROJECT_DIR": str(self.project),
            "DBT_TARGET_PATH": str(self.target(variables)),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_USE_COLORS": "false",
        }

    def __call__(
        self,
        *arguments: str,
        raw: Path | str | None = None,
        variables: Mapping | None = None,
        environment: Mapping[str, str] | None = None,
        succeeds: bool | None = True,
        time_limit: int = TIME_LIMIT,
    ) -> Result:
        """Run ``dbt <arguments>`` on the raw folder; ``succeeds`` None: either will do."""
        options = ["--vars", json.dumps(variables, default=str)] if variables else []
        settings = self.settings(variables)
        if raw is not None:
            settings["CRM_RAW_PATH"] = str(raw)
        log = self.folder / "output.txt"
        process = new_process(
            run_in_this_process,
            str(self.project),
            [*arguments, *options],
            settings | dict(environment or {}),
            str(log),
        )
        exit_code = wait_for(process, time_limit)
        result = Result(exit_code, log.read_text(encoding="utf-8", errors="replace"))
        if succeeds is not None:
            command = " ".join(["dbt", *arguments, *options])
            assert (result.exit_code == 0) == succeeds, (
                f"{command} on {raw} ended with {result.exit_code}:\n{result.output}"
            )
        return result

    def many(self, commands: list[tuple[list[str], dict[str, str]]]) -> list[Result]:
        """Run many commands, each with settings of its own, in one process on one manifest."""
        results = self.folder / "answers.json"
        process = new_process(
            run_many_in_this_process,
            str(self.project),
            commands,
            self.settings(None),
            str(results),
        )
        assert wait_for(process) == 0
        return [Result(*answer) for answer in json.loads(results.read_text("utf-8"))]

    def declared_variables(self) -> dict:
        """The variables that ``dbt_project.yml`` declares, with their defaults."""
        return yaml.safe_load((self.project / "dbt_project.yml").read_text("utf-8"))["vars"]

    def manifest(self, variables: Mapping | None = None) -> dict:
        """The manifest of the last run with these variables."""
        return json.loads((self.target(variables) / "manifest.json").read_text("utf-8"))

    def query(self, sql: str) -> list[tuple]:
        """Rows of a query on the database, which is opened read-only and closed again."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()


def copy_project(folder: Path) -> Path:
    """Make a copy of the project that a test may change, in a new folder."""
    folder.mkdir()
    for part in PROJECT_PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("python"))
        else:
            shutil.copy(source, folder / part)
    return folder
