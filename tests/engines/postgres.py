"""Databases of a PostgreSQL server of the tests' own."""

from pathlib import Path

import psycopg2
from engine import Engine
from postgres_server import Server


class Postgres(Engine):
    """A database of the server, and runs of dbt on it."""

    target = "postgres"

    def __init__(self, server: Server, name: str, folder: Path) -> None:
        """Name it; ``create`` makes it."""
        super().__init__(folder, {**server.settings, "PGDATABASE": name})
        self.server = server
        self.name = name

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

    def read(self, sql: str) -> list[tuple]:
        """Rows of a query on the marts, as the owner."""
        return self.execute(sql)
