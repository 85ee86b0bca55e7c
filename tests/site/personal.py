"""Personal data in a site: what to look for, and where."""

import base64
import csv
import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from dbt_runs import PROJECT

# columns of the raw contract and of schema pii that say who somebody is
NAMES = ("first_name", "last_name")
LONG = ("email", "phone", "birth_date")
SHORTEST_LONG = 6  # characters; a text is found by as many at its start
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")  # noqa: RUF001


@dataclass
class Personal:
    """Values that no site may hold."""

    names: set[str] = field(default_factory=set)  # short: as a word of a value or a text
    texts: set[str] = field(default_factory=set)  # long: anywhere in any file

    def add(self, person: dict) -> None:
        for column in NAMES:
            if person.get(column):
                self.names.add(person[column].strip())
        full = [str(person[column]).strip() for column in NAMES if person.get(column)]
        if len(full) == len(NAMES) and len("".join(full)) >= SHORTEST_LONG:
            self.texts |= {" ".join(full), ", ".join(full[::-1])}
        for column in LONG:
            value = str(person.get(column) or "").strip()
            if len(value) >= SHORTEST_LONG:
                self.texts.add(value)


def personal_data(database: Path, raw: Path) -> Personal:
    """All of schema pii, and the raw customers: also those who were erased or rejected."""
    found = Personal()
    with duckdb.connect(database, read_only=True) as connection:
        for table in ("dim_customer_contacts", "customer_360_contacts"):
            rows = connection.execute(f"from pii.{table}")
            columns = [column[0] for column in rows.description]
            for row in rows.fetchall():
                found.add(dict(zip(columns, row, strict=True)))
        for (record,) in connection.execute(
            "select raw_record from pii.rejected_records"
        ).fetchall():
            found.texts.add(record)
            found.add(json.loads(record))
    with (raw / "customers.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.add(row)
    # the documentation shows the project's SQL, where days are no birth dates
    code = "".join(
        path.read_text("utf-8")
        for folder in ("models", "macros", "tests/generic", "tests/singular", "analyses")
        for path in sorted((PROJECT / folder).rglob("*.*"))
    )
    found.texts -= set(DAY.findall(code))
    return found


def look_for(personal: Personal, site: Path) -> list[str]:
    """Where the site holds any of it, in words."""
    found = []
    texts = by_start(personal.texts)
    for path in sorted(site.rglob("*")):
        if not path.is_file():
            continue
        name = str(path.relative_to(site))
        if path.suffix == ".parquet":
            values = parquet_values(path)
            found += [f"{name}: {text}" for text in texts_in("\n".join(values), texts)]
            found += [f"{name}: {word}" for word in words_among(values, personal.names)]
            continue
        text = path.read_bytes().decode("utf-8")
        found += [f"{name}: {inner}" for inner in texts_in(text, texts)]
        contents = re.findall(r'id="clientele-data">(.*?)</script>', text, re.DOTALL)
        for content in [text] if path.suffix == ".json" else contents:
            values = set(strings(json.loads(content)))
            found += [f"{name}: {inner}" for inner in texts_in("\n".join(values), texts)]
            found += [f"{name}: {word}" for word in words_among(values, personal.names)]
    return sorted(set(found))


def by_start(texts: set[str]) -> dict[str, list[tuple[str, str]]]:
    """Each text in the ways it may be written, by the first characters of these."""
    found: dict[str, list[tuple[str, str]]] = {}
    for text in texts:
        for written in {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}:
            found.setdefault(written[:SHORTEST_LONG], []).append((written, text))
    return found


def texts_in(content: str, texts: dict[str, list[tuple[str, str]]]) -> set[str]:
    found = set()
    for at in range(len(content) - SHORTEST_LONG + 1):
        if (start := content[at : at + SHORTEST_LONG]) in texts:
            found |= {text for written, text in texts[start] if content.startswith(written, at)}
    return found


def strings(content):
    """Every text in a JSON document, keys too, and in the Parquet files that a page holds."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for key, value in content.items():
            yield key
            is_parquet = key.endswith(".parquet") and isinstance(value, str)
            yield from parquet_values(base64.b64decode(value)) if is_parquet else strings(value)
    elif isinstance(content, list):
        for value in content:
            yield from strings(value)


def parquet_values(file: Path | bytes) -> list[str]:
    if isinstance(file, bytes):  # the reader wants a file
        with tempfile.NamedTemporaryFile(suffix=".parquet") as copy:
            copy.write(file)
            copy.flush()
            return parquet_values(Path(copy.name))
    with duckdb.connect() as connection:
        rows = connection.execute(f"from '{file}'").fetchall()
    return [str(value) for row in rows for value in row if value is not None]


def words_among(texts, names: set[str]) -> set[str]:
    found = set()
    for text in texts:
        found |= names.intersection([text, *WORD.findall(text)])
    return found
