"""Write what one role may read into a database or a Parquet folder of its own.

    python scripts/export_marts.py --out analysts.duckdb
    python scripts/export_marts.py --out /share/service --role crm_service

DuckDB knows no roles: whoever can open the file reads all of it, personal data too. So the file of
the build is for those who build, and everyone else gets a copy of what is theirs.

In:  the DuckDB file of a build (`--database`, else CRM_DATABASE, else clientele.duckdb in the
     project's folder), opened read-only, CRM_SCHEMA_PREFIX, if the build had one, and who may read
     what (macros/engines/roles.sql).
Out: a name ending in .duckdb gives a database with the schemas the role reads, any other name a
     folder `<schema>/<table>.parquet`. It is written beside and put in its place as a whole: a copy
     that is there before is replaced, anything else is not touched.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parent.parent
DBT = Path(sys.executable).with_name("dbt")
MARK = "written_by_clientele.txt"


class ExportError(Exception):
    """What is wrong, in one sentence for the user."""


def readers() -> dict[str, list[str]]:
    """Roles that may read each relation, by the relation's name with its schema."""
    done = subprocess.run(
        [DBT, "--quiet", "run-operation", "print_readers", "--target", "duckdb"],
        cwd=PROJECT,
        # an own database, since that of the build may be open elsewhere
        env={
            **os.environ,
            "CRM_DATABASE": ":memory:",
            "DBT_PROFILES_DIR": str(PROJECT),
            "DBT_PROJECT_DIR": str(PROJECT),
        },
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise ExportError(f"dbt cannot say who reads what: {(done.stdout + done.stderr).strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def literal(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def write(database: Path, out: Path, relations: list[str]) -> int:
    """Write the relations as ``out``; returns the number of rows."""
    rows = 0
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(database)} as built (read_only)")
        if out.suffix == ".duckdb":
            connection.execute(f"attach {literal(out)} as copied")
        for relation in relations:
            schema, table = (name(part) for part in relation.split(".", 1))
            source = f"built.{schema}.{table}"
            rows += connection.execute(f"select count(*) from {source}").fetchone()[0]
            if out.suffix == ".duckdb":
                connection.execute(f"create schema if not exists copied.{schema}")
                connection.execute(f"create table copied.{schema}.{table} as from {source}")
            else:
                folder = out / relation.split(".", 1)[0]
                folder.mkdir(parents=True, exist_ok=True)
                file = folder / f"{relation.split('.', 1)[1]}.parquet"
                connection.execute(f"copy (from {source}) to {literal(file)} (format parquet)")
    if out.suffix != ".duckdb":
        (out / MARK).write_text("Replaced by scripts/export_marts.py.\n", encoding="utf-8")
    return rows


def put_in_place(written: Path, out: Path) -> None:
    """Put what was written where it belongs, in place of an earlier copy."""
    if out.suffix == ".duckdb":
        written.replace(out)
        return
    # an earlier copy goes last: a reader misses it for a moment, and it comes back where this fails
    old = written.with_name(f"{written.name}.old")
    if out.exists():
        out.rename(old)
    try:
        written.rename(out)
    except BaseException:
        if old.exists():
            old.rename(out)
        raise


def check_place(database: Path, out: Path, relations: set[str]) -> None:
    """Refuse to replace anything but an earlier copy."""
    if not out.parent.is_dir():
        raise ExportError(f"There is no folder {out.parent}: make it, or name another with --out.")
    if not out.exists():
        return
    if out.suffix == ".duckdb" and out.is_file() and out.resolve() != database.resolve():
        try:
            with duckdb.connect(str(out), read_only=True) as connection:
                found = connection.execute(
                    "select table_schema || '.' || table_name from information_schema.tables"
                ).fetchall()
        except duckdb.Error:
            found = [("unknown",)]
        if {relation for (relation,) in found} <= relations:
            return
    elif out.suffix != ".duckdb" and (out / MARK).is_file():
        return
    raise ExportError(
        f"{out} is there already and is no copy of marts: remove it, or name another with --out."
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="docs/engines.md says who reads what."
    )
    parser.add_argument("--out", required=True, help="<name>.duckdb, or a folder for Parquet")
    parser.add_argument(
        "--role",
        default="crm_analyst",
        help="who it is for: crm_analyst, crm_executive or crm_service (default: %(default)s)",
    )
    parser.add_argument(
        "--database",
        help="DuckDB file of the build (default: CRM_DATABASE, else clientele.duckdb)",
    )
    options = parser.parse_args(arguments)
    database = Path(options.database or os.environ.get("CRM_DATABASE") or "clientele.duckdb")
    if not options.database:
        database = PROJECT / database
    out = Path(options.out).absolute()
    prefix = os.environ.get("CRM_SCHEMA_PREFIX", "")
    try:
        if not database.is_file():
            raise ExportError(f"There is no database {database}. Build the marts first: dbt build")
        rights = readers()
        relations = sorted(relation for relation, roles in rights.items() if options.role in roles)
        if not relations:
            known = sorted({role for roles in rights.values() for role in roles})
            raise ExportError(
                f"The role {options.role} has nothing to read: --role takes {', '.join(known)}."
            )
        check_place(database, out, set(rights))
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
            written = Path(folder) / out.name
            rows = write(database, written, relations)
            put_in_place(written, out)
    except ExportError as error:
        print(error, file=sys.stderr)
        return 1
    except (duckdb.Error, OSError) as error:
        print(f"Nothing was written: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    schemas = sorted({relation.split(".", 1)[0].removeprefix(prefix) for relation in relations})
    print(
        f"{len(relations)} relations with {rows:,} rows of {' and '.join(schemas)}"
        f" for {options.role}: {out}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
