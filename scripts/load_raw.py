"""Load raw files into schema `raw` of a database server, where dbt cannot read them itself.

    python scripts/load_raw.py --target postgres                   the folder CRM_RAW_PATH names
    python scripts/load_raw.py --target postgres --raw /data/crm
    python scripts/load_raw.py --target spark --through /shared/crm

In:  the folder with the raw files (README, "Bring your own data"), CRM_SCHEMA_PREFIX, and the
     connection: PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE, or CRM_SPARK_HOST,
     CRM_SPARK_PORT, CRM_SPARK_USER, CRM_SPARK_AUTH and CRM_SPARK_FILE_FORMAT.
Out: the tables of schema `raw`, all columns text. PostgreSQL replaces them together or not at all,
     Spark one after another once all files are found good.

Spark reads what is handed over from a folder that the cluster sees by the same path: `--through`
names it where the cluster is not on this machine.

Files are read and checked by the same macro that mounts them on DuckDB (macros/raw/mount_raw.sql),
in a database that is thrown away, so that both engines see the same rows and say the same about a
file that is wrong. A table that this command has not made is never touched.
"""

import argparse
import contextlib
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import yaml

PROJECT = Path(__file__).resolve().parent.parent
CONTRACT = PROJECT / "models/staging/crm/_crm__sources.yml"
MARK = "Made by clientele from raw files; loaded anew by scripts/load_raw.py."
TARGETS = ["postgres", "spark"]
# between two models of a build there is no session for a moment, and after its end one for a moment
SECONDS_OF_QUIET = 1
SECONDS_TO_END = 3


class LoadError(Exception):
    """What is wrong, in one sentence for the user."""


def read_contract() -> dict[str, dict[str, str]]:
    """Per raw table its columns in order, each with its type."""
    tables = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["sources"][0]["tables"]
    return {
        table["name"]: {column["name"]: column["data_type"] for column in table["columns"]}
        for table in tables
    }


def mount(folder: str, scratch: Path) -> Path:
    """Read and check the raw files as a build on DuckDB does; the database that holds them."""
    database = scratch / "load_raw.duckdb"
    environment = {
        **os.environ,
        "CRM_RAW_PATH": folder,
        "CRM_DATABASE": str(database),
        "CRM_SCHEMA_PREFIX": "",
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_TARGET_PATH": os.environ.get("DBT_TARGET_PATH", str(PROJECT / "target")),
        "DBT_USE_COLORS": "false",
    }
    environment.pop("DBT_TARGET", None)
    dbt = Path(sys.executable).with_name("dbt")
    done = subprocess.run(
        [
            dbt,
            "--log-format",
            "text",
            "--log-level",
            "warn",
            "run-operation",
            "mount_raw_here",
            "--target",
            "duckdb",
        ],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        lines = [line for line in lines if "[WARNING]" not in line]
        told = [line for line in lines if "raw " in line or "required" in line]
        raise LoadError("\n".join(told[:1] or lines))
    if done.stdout.strip():
        print(done.stdout.strip())
    return database


def as_text(name: str, stored: str, type_: str) -> str:
    """SQL of a column as text that every engine reads as DuckDB reads the column itself.

    The text that DuckDB writes for most types is of the contract already. Zoned timestamps need an
    offset in full, dates no time, and floating-point numbers no exponent.
    """
    if stored in ("DOUBLE", "FLOAT") and type_ != "text":
        # below 0.0001 there is an exponent, and nothing but zero cents; above 15 digits no amount
        return f"case when abs({name}) < 0.0001 then '0' else cast({name} as varchar) end"
    if stored == "DATE" or stored.startswith("TIMESTAMP"):
        moment = f"timezone('UTC', {name})" if stored == "TIMESTAMP WITH TIME ZONE" else name
        if type_ == "date":
            # as days of timestamps; a moment before 0001 or after 9999 has a text that is no date
            return f"cast(cast({moment} as date) as varchar)"
        if type_ == "timestamp" and stored == "TIMESTAMP WITH TIME ZONE":
            return f"cast({moment} as varchar)"
    return f"cast({name} as varchar)"


def export(database: Path, scratch: Path, target: str) -> tuple[dict[str, Path], dict[str, int]]:
    """Each raw table as a file of text, CSV for PostgreSQL and Parquet for Spark; their rows."""
    files, counts = {}, {}
    with duckdb.connect(str(database)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for table, types in read_contract().items():
            stored = {
                name: kind
                for name, kind, *_ in connection.execute(f"describe raw.{table}").fetchall()
            }
            columns = [f"{as_text(name, stored[name], types[name])} as {name}" for name in types]
            if target == "postgres":
                refuse_nul(connection, table, [n for n in types if stored[n] == "VARCHAR"])
            files[table] = scratch / f"{table}.{'csv' if target == 'postgres' else 'parquet'}"
            written_as = "csv, header false, force_quote *" if target == "postgres" else "parquet"
            counts[table] = connection.execute(
                f"copy (select {', '.join(columns)} from raw.{table}) to '{files[table]}'"
                f" (format {written_as})"
            ).fetchone()[0]
    return files, counts


def refuse_nul(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> None:
    """Name a column that PostgreSQL cannot store: its COPY says neither table nor column."""
    for name in columns:
        found = f"select bool_or(contains({name}, chr(0))) from raw.{table}"
        if connection.execute(found).fetchone()[0]:
            raise LoadError(
                f"The column {name} of the raw table {table} holds a NUL character,"
                " which PostgreSQL cannot store: take it out of the file."
            )


def load_postgres(files: dict[str, Path]) -> None:
    """Replace the tables of schema raw in one transaction."""
    try:
        import psycopg2
        from psycopg2 import errors
    except ImportError as absent:
        raise LoadError(
            "dbt-postgres is not installed in this environment:"
            " `pip install --no-deps --require-hashes -r requirements-engines.txt` installs it."
        ) from absent
    schema = os.environ.get("CRM_SCHEMA_PREFIX", "") + "raw"
    contract = read_contract()
    try:
        connection = psycopg2.connect(
            host=os.environ.get("PGHOST") or "127.0.0.1",
            port=os.environ.get("PGPORT") or "5432",
            user=os.environ.get("PGUSER") or "clientele",
            password=os.environ.get("PGPASSWORD") or None,
            dbname=os.environ.get("PGDATABASE") or "clientele",
            connect_timeout=10,
            client_encoding="UTF8",
        )
    except psycopg2.OperationalError as error:
        raise LoadError(
            f"PostgreSQL cannot be reached: {' '.join(str(error).split())}. Check that it runs and"
            " that PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE name it."
        ) from error
    try:
        with connection, connection.cursor() as cursor:
            refuse_during_builds(cursor)
            cursor.execute("select to_regnamespace(%s) is not null", [schema])
            if not cursor.fetchone()[0]:
                cursor.execute(f'create schema "{schema}"')
            for table, file in files.items():
                relation = f'"{schema}".{table}'
                prepare(cursor, schema, table, list(contract[table]))
                with file.open(encoding="utf-8", newline="") as rows:
                    cursor.copy_expert(
                        f"copy {relation} ({', '.join(contract[table])}) from stdin (format csv)",
                        rows,
                    )
    except errors.InsufficientPrivilege as error:
        raise LoadError(
            f"The user may not load {schema}: {' '.join(str(error).split())}. Load as the user"
            " who builds, or as a member of crm_loader once a build has made the tables."
        ) from error
    except psycopg2.Error as error:
        said = " ".join(str(error.__context__ or error).split()).rstrip(".")
        if connection.closed:
            raise LoadError(
                f"PostgreSQL went away during the load, so that nothing was loaded ({said}). See"
                " that it runs, then run this again."
            ) from error
        raise LoadError(f"Nothing was loaded, PostgreSQL said: {said}.") from error
    finally:
        connection.close()


def refuse_during_builds(cursor) -> None:
    """Refuse to load while dbt is at work, which would read some tables of each load.

    A build that begins meanwhile waits until the load is done (macro begin_build). One that is at
    work has a session nearly always, whose name profiles.yml gives, and for a moment after its end.
    """
    name = f"clientele {os.environ.get('CRM_SCHEMA_PREFIX', '')}".strip()
    cursor.execute("select pg_advisory_xact_lock(hashtext('clientele.build'))")
    began = seen = time.monotonic()
    while time.monotonic() - seen < SECONDS_OF_QUIET:
        cursor.execute("select pg_stat_clear_snapshot()")
        cursor.execute(
            "select count(*), current_database() from pg_stat_activity where application_name = %s"
            " and datname = current_database() and pid <> pg_backend_pid()",
            [name],
        )
        sessions, database = cursor.fetchone()
        if sessions:
            seen = time.monotonic()
            if seen - began > SECONDS_TO_END:
                raise LoadError(
                    f"dbt is at work on the database {database}, so nothing was loaded: wait until"
                    f" it has ended, then run this again. If it is not, a session named {name} is"
                    " left in pg_stat_activity: end it."
                )
        time.sleep(0.1)


def prepare(cursor, schema: str, table: str, columns: list[str]) -> None:
    """Leave an empty table of text columns, that of an earlier load if there is one."""
    relation = f'"{schema}".{table}'
    cursor.execute(
        "select pg_class.relkind, obj_description(pg_class.oid, 'pg_class') from pg_class"
        " where relnamespace = to_regnamespace(%s) and relname = %s",
        [schema, table],
    )
    found = cursor.fetchone()
    if found is None:
        fields = ", ".join(f"{name} text" for name in columns)
        cursor.execute(f"create table {relation} ({fields})")
        cursor.execute(f"comment on table {relation} is %s", [MARK])
        return
    cursor.execute(
        "select attname from pg_attribute where attrelid = to_regclass(%s)"
        " and attnum > 0 and not attisdropped and atttypid = 'text'::regtype",
        [f'"{schema}".{table}'],
    )
    names = {name for (name,) in cursor.fetchall()}
    if found[0] != "r" or found[1] != MARK or not set(columns) <= names:
        raise LoadError(
            f"{schema}.{table} was not made by this command and would be replaced: drop or rename"
            " it, or load into it yourself and do not use this command."
        )
    cursor.execute(f"truncate {relation}")


def load_spark(files: dict[str, Path]) -> None:
    """Replace the rows of the tables of schema raw, one table after another."""
    try:
        from pyhive import exc, hive
        from thrift.Thrift import TException
    except ImportError as absent:
        raise LoadError(
            "dbt-spark is not installed in this environment:"
            " `pip install --no-deps --require-hashes -r requirements-engines.txt` installs it."
        ) from absent
    # it says on its own that nobody listens
    logging.getLogger("thrift").setLevel(logging.CRITICAL)
    schema = os.environ.get("CRM_SCHEMA_PREFIX", "") + "raw"
    file_format = os.environ.get("CRM_SPARK_FILE_FORMAT") or "parquet"
    port = os.environ.get("CRM_SPARK_PORT") or "10000"
    if not port.isdecimal():
        raise LoadError(f"CRM_SPARK_PORT takes the number of a port; it was given: {port}.")
    try:
        cursor = hive.connect(
            host=os.environ.get("CRM_SPARK_HOST") or "127.0.0.1",
            port=int(port),
            username=os.environ.get("CRM_SPARK_USER") or "clientele",
            auth=os.environ.get("CRM_SPARK_AUTH") or "NONE",
        ).cursor()
    except (TException, OSError) as error:
        raise LoadError(
            f"Spark cannot be reached: {' '.join(str(error).split())}. Check that its Thrift server"
            " runs and that CRM_SPARK_HOST and CRM_SPARK_PORT name it."
        ) from error
    table = next(iter(files))
    try:
        cursor.execute(f"create schema if not exists {schema}")
        # all are looked at before the first is changed
        for table in files:
            prepare_spark(cursor, schema, table, list(read_contract()[table]), file_format)
        for table, file in files.items():
            columns = ", ".join(read_contract()[table])
            cursor.execute(
                f"insert overwrite {schema}.{table} ({columns})"
                f" select {columns} from parquet.`{file}`"
            )
    except exc.Error as error:
        response = error.args[0] if error.args else ""
        said = getattr(getattr(response, "status", None), "errorMessage", None) or str(error)
        raise LoadError(
            f"{schema}.{table} was not loaded, nor was any table after it; Spark said:"
            f" {' '.join(said.split())[:500]}."
        ) from error
    except (TException, OSError) as error:
        raise LoadError(
            f"Spark went away before {schema}.{table} was loaded, nor was any table after it"
            f" ({' '.join(str(error).split())}). See that its Thrift server runs, then run this"
            " again."
        ) from error
    finally:
        # of a server that is gone nothing can be given back
        with contextlib.suppress(TException, OSError):
            cursor.close()


def prepare_spark(cursor, schema: str, table: str, columns: list[str], file_format: str) -> None:
    """Make sure that there is a table of text columns that this command may fill."""
    cursor.execute(f"show tables in {schema} like '{table}'")
    if not cursor.fetchall():
        fields = ", ".join(f"{name} string" for name in columns)
        cursor.execute(
            f"create table {schema}.{table} ({fields}) using {file_format} comment '{MARK}'"
        )
        return
    cursor.execute(f"describe extended {schema}.{table}")
    # columns come first, then an empty line, then what else is known
    described = [(name, value) for name, value, _ in cursor.fetchall()]
    text = {name for name, value in described if value == "string"}
    if ("Comment", MARK) not in described or not set(columns) <= text:
        raise LoadError(
            f"{schema}.{table} was not made by this command and would be replaced: drop or rename"
            " it, or load into it yourself and do not use this command."
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Environment: CRM_RAW_PATH and CRM_SCHEMA_PREFIX; for PostgreSQL PGHOST, PGPORT,"
        " PGUSER, PGPASSWORD and PGDATABASE; for Spark CRM_SPARK_HOST, CRM_SPARK_PORT,"
        " CRM_SPARK_USER, CRM_SPARK_AUTH and CRM_SPARK_FILE_FORMAT.",
    )
    parser.add_argument("--target", choices=TARGETS, required=True, help="profile target to load")
    parser.add_argument("--raw", help="folder with the raw files (default: CRM_RAW_PATH)")
    parser.add_argument("--through", help="folder that Spark's cluster sees too")
    options = parser.parse_args()
    folder = options.raw or os.environ.get("CRM_RAW_PATH", "data/sample")
    prefix = os.environ.get("CRM_SCHEMA_PREFIX", "")
    try:
        # as macro generate_schema_name
        if not re.fullmatch("([a-z_][a-z0-9_]*)?", prefix):
            raise LoadError(
                "CRM_SCHEMA_PREFIX takes lower-case letters, digits and underscores, no digit"
                f" first, such as ci_; it was given: {prefix}. Mend it, then run this again."
            )
        if not folder:
            raise LoadError(
                "CRM_RAW_PATH is empty, so there is nothing to load: name the folder with --raw."
            )
        with tempfile.TemporaryDirectory(dir=options.through) as scratch:
            if options.through:
                # open to whom the folder is open: the cluster may run as somebody else
                shutil.copymode(options.through, scratch)
            database = mount(str(Path(folder)), Path(scratch))
            files, counts = export(database, Path(scratch), options.target)
            {"postgres": load_postgres, "spark": load_spark}[options.target](files)
    except (LoadError, OSError, duckdb.Error) as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"Loaded {sum(counts.values()):,} rows of"
        f" {sum(1 for count in counts.values() if count)} tables from {folder}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
