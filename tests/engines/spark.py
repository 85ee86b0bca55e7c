"""A Spark cluster of the tests' own."""

import os
import signal
from pathlib import Path

import duckdb
import spark_cluster
from engine import Engine
from pyhive import hive
from spark_cluster import Cluster

SCHEMAS = ["raw", "staging", "seeds", "intermediate", "marts", "pii"]


class Spark(Engine):
    """The cluster, and runs of dbt on it."""

    target = "spark"
    time_limit = 1800

    def __init__(self, cluster: Cluster, warehouse: Path, folder: Path) -> None:
        """Name the folder that it keeps its tables in."""
        super().__init__(folder, cluster.settings)
        self.warehouse = warehouse

    def empty(self) -> "Spark":
        """Drop all schemas of the project."""
        for schema in SCHEMAS:
            self.execute(f"drop schema if exists {schema} cascade")
        return self

    def kill(self) -> None:
        """End the Thrift server at once, as when its machine goes down."""
        os.killpg(spark_cluster.processes(self.warehouse.parent)["thrift-server"], signal.SIGKILL)

    def start(self) -> None:
        """Start what does not run; tables are kept, ports are others."""
        self.settings = dict(spark_cluster.start(self.warehouse.parent).settings)

    def execute(self, sql: str) -> list[tuple]:
        """Rows of a statement; none where it gives none."""
        connection = hive.connect(
            host=self.settings["CRM_SPARK_HOST"],
            port=int(self.settings["CRM_SPARK_PORT"]),
            username=self.settings["CRM_SPARK_USER"],
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def read(self, sql: str) -> list[tuple]:
        """Rows of a query on the files that Spark has written for marts.

        Read like this they have their types, which the protocol of the Thrift server does not keep.
        """
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            for schema in ("marts", "pii"):
                connection.execute(f"create schema {schema}")
                # a folder without a table is left where a server went away as it wrote one
                tables = {name for _, name, *_ in self.execute(f"show tables in {schema}")}
                for folder in sorted((self.warehouse / f"{schema}.db").iterdir()):
                    if folder.name not in tables:
                        continue
                    files = f"read_parquet('{folder}/*.parquet')"
                    columns = spark_cluster.columns_of(files, connection)
                    connection.execute(
                        f"create view {schema}.{folder.name} as"
                        f" select {', '.join(columns)} from {files}"
                    )
            return connection.execute(sql).fetchall()
