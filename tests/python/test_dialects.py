"""What dbt compiles for each engine is SQL of that engine, as far as a parser can tell."""

from pathlib import Path

import duckdb
import pytest
import sqlglot
from dbt_runs import DbtRuns
from sqlglot.errors import SqlglotError

ENGINES = ["duckdb", "postgres", "spark"]
# no server is asked: nothing of what is compiled depends on what is in a database
COMPILE = ["--quiet", "compile", "--full-refresh", "--no-introspect", "--no-populate-cache"]
KINDS = {"model": "models", "analysis": "analyses", "test": "tests", "snapshot": "snapshots"}
COMPILE += ["--select", *(f"resource_type:{kind}" for kind in KINDS)]
# the snapshot is on where Spark's tables are of a format that can replace rows
NOWHERE = {"PGPORT": "1", "CRM_SPARK_PORT": "1", "CRM_SPARK_FILE_FORMAT": "delta"}


def fault(sql: str, engine: str) -> str | None:
    """What the engine's parser says of a text that it does not take."""
    try:
        if engine == "duckdb":
            parsed = duckdb.extract_statements(sql)
        else:
            parsed = sqlglot.parse(sql, dialect=engine)
    except (duckdb.Error, SqlglotError) as error:
        return str(error).splitlines()[0]
    return None if len(parsed) == 1 else f"{len(parsed)} statements"


@pytest.mark.parametrize("engine", ENGINES)
def test_compiled_sql_is_of_the_engine(engine, tmp_path):
    runs = DbtRuns(tmp_path)
    runs(*COMPILE, "--target", engine, environment=NOWHERE)
    assert not runs.database.exists()
    folder = runs.target() / "compiled/clientele"
    files = sorted(file for file in folder.rglob("*.sql") if file.is_file())
    assert set(KINDS.values()) <= {file.relative_to(folder).parts[0] for file in files}
    assert len([file for file in files if is_model(file.relative_to(folder))]) > 100
    faults = [
        f"{file.relative_to(folder)}: {found}"
        for file in files
        if (found := fault(file.read_text("utf-8"), engine))
    ]
    assert not faults, "\n".join(faults)


def is_model(path: Path) -> bool:
    """Whether a compiled file is a model, not a test of one."""
    return path.parts[0] == "models" and not path.parent.name.endswith(".yml")


@pytest.mark.parametrize(
    ("sql", "engines"),
    [
        ("select a // b from t", ["duckdb"]),
        ("select a div b from t", ["spark"]),
        ("select '1' ~ '[0-9]' and a = any(b) from t", ["duckdb", "postgres"]),
        ("select a from", []),
    ],
)
def test_a_word_of_another_engine_is_found(sql, engines):
    assert [engine for engine in ENGINES if fault(sql, engine) is None] == engines
