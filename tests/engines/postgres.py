"""Databases of a PostgreSQL server of the tests' own, and dbt on them."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg2
from dbt_runs import PROJECT, SALT, DbtRuns, Result
from postgres_server import Server


class Postgres:
    """A database of the server, and runs of dbt on it."""

    def __init__(self, server: Server, name: str, folder: Path) -> None:
        """Name it; ``create`` makes it."""
        self.server = server
        self.name = name
        self.runs = DbtRuns(folder)
        self.settings = {**server.settings, "PGDATABASE": name}

    def create(self, options: str = "") -> "Postgres":
        """Make the database anew."""
        self.execute(f"drop database if exists {self.name} with (force)", database="postgres")
        self.execute(f"create database {self.name} {options}", database="postgres")
        return self

    def connect(self, user: str | None = None, password: str = "", database: str | None = None):
        """A connection, as the owner unless a user is given."""
        connection = psycopg2.connect(
            host=self.settings["PGHOST"],
            port=self.settings["PGPORT"],
            user=user or self.settings["PGUSER"],
            password=password or self.settings["PGPASSWORD"],
            dbname=database or self.name,
        )
        connection.autocommit = True
        return connection

    def execute(self, sql: str, database: str | None = None) -> list[tuple]:
        """Rows of a statement that the owner runs; none where it gives none."""
        connection = self.connect(database=database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def load(self, raw: Path, **settings: str) -> Result:
        """Load a raw folder with the project's command."""
        done = subprocess.run(
            [sys.executable, "scripts/load_raw.py", "--target", "postgres", "--raw", str(raw)],
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
        """Run ``dbt <arguments> --target postgres``."""
        return self.runs(
            *arguments,
            "--target",
            "postgres",
            variables=variables,
            environment={**self.settings, "CRM_ERASURE_SALT": SALT} | dict(environment or {}),
            succeeds=succeeds,
        )
