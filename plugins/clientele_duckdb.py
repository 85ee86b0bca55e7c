"""Says in one sentence what is wrong with a database or a raw file, and what to do.

A plugin of dbt-duckdb (profiles.yml) that does what no macro can: it tries a file before DuckDB
opens it, since by itself a locked or damaged database ends in a traceback, and a raw file that is
no Parquet, or has mixed line endings, in a message without line or remedy. It changes no data.

In:  the path in the profile; a relative one starts at the project, an absent folder is made.
Out: DuckDB's function `raw_file_fault(file)` for the mount (macros/raw/mount_raw.sql). A database
     that cannot be opened is one sentence and dbt's exit code 2; the file stays as it is.
"""

import atexit
import contextlib
import mmap
import os
import re
import shutil
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

PROJECT = Path(__file__).resolve().parent.parent
CHUNK = 1 << 24
# bytes; with less, not even what dbt writes before the first model has room
LEAST_ROOM = 16 << 20
AGAIN = "then run dbt again"
SUFFIXES = (".csv", ".parquet")  # of raw files
# pattern in DuckDB's message, what it means, what to do; the first that is found counts
REASONS = [
    (
        r"Could not set lock",
        "is in use by another process{holder}: only one process may write to it",
        f"Wait until that one ends, or end it, {AGAIN}",
    ),
    (
        r"Is a directory",
        "is a folder",
        f"Let CRM_DATABASE name a file, {AGAIN}",
    ),
    (
        r"File exists|Not a directory",
        "cannot be made, as a part of its path is a file and no folder",
        f"Let CRM_DATABASE name another, {AGAIN}",
    ),
    (
        r"Permission denied|Read-only file system|read-only mode|Operation not permitted",
        "cannot be written",
        "Give this user the right to write to the file and to its folder, or let CRM_DATABASE name"
        f" another, {AGAIN}",
    ),
    (
        r"No space left|Disk quota|File too large",
        "cannot be written, as its disk is full",
        f"Make room, {AGAIN}",
    ),
    (
        r"newer version|version number|storage version",
        "was written by another version of DuckDB",
        "Use the version that wrote it, or build into a new file (docs/operations.md, upgrades)",
    ),
    (
        r"not a valid DuckDB|not read enough|[Cc]orrupt|[Cc]hecksum|[Ff]ailed to (load|deserialize)"
        r"|INTERNAL|Serialization|WAL",
        "is damaged, or no DuckDB database",
        f"Put the last backup in its place, or move it away to build a new one, {AGAIN}"
        " (docs/operations.md: the new one needs the old CRM_ERASURE_SALT)",
    ),
]


class Plugin(BasePlugin):
    """What dbt-duckdb looks for in a plugin's module."""

    def update_connection_config(self, creds, config) -> None:
        """Make the path absolute and try the file. Called right before the connection is made."""
        if limit := creds.settings.get("memory_limit"):
            check_memory_limit(limit)
        if creds.path == ":memory:" or "://" in creds.path or creds.path.startswith("md:"):
            return
        path = PROJECT / creds.path
        creds.path = str(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # DuckDB opens a file in a folder that cannot be written, and fails at its first commit
            if not os.access(path.parent, os.W_OK):
                raise PermissionError(f"Permission denied: {path.parent}")
            if shutil.disk_usage(path.parent).free < LEAST_ROOM:
                raise OSError("No space left")
            # a second opening is cheap; it is closed at once, so that dbt's own has its settings
            with contextlib.suppress(duckdb.ConnectionException):  # open in this process already
                duckdb.connect(creds.path).close()
        except (duckdb.Error, OSError) as error:
            raise DbtRuntimeError(database_fault(path, str(error))) from None

    def configure_connection(self, conn) -> None:
        """Give the mount its function. Called once, after the connection is made."""
        # DuckDB wants numpy for it; where only dbt is installed, its own words have to do
        with contextlib.suppress(duckdb.InvalidInputException):
            conn.create_function("raw_file_fault", raw_file_fault, ["varchar"], "varchar")
            # who leaves the connection open to the end, as sqlfluff does, would be told of leaks
            atexit.register(take_back, conn)


def check_memory_limit(limit: str) -> None:
    """Refuse a limit of memory that DuckDB does not understand."""
    try:
        with duckdb.connect() as connection:
            connection.execute("set memory_limit = ?", [limit])
    except duckdb.Error:
        raise DbtRuntimeError(
            "CRM_MEMORY_LIMIT takes a size such as 4GB or, from DuckDB 2.0 on, a share of the"
            f" machine's memory such as 30%; it was given: {limit}. Mend it, {AGAIN}."
        ) from None


def take_back(conn) -> None:
    """Remove the mount's function, where the connection is still open."""
    with contextlib.suppress(duckdb.Error):
        conn.remove_function("raw_file_fault")


def database_fault(path: Path, message: str) -> str:
    """What is wrong with a database, and what to do. ``message``: of DuckDB or the system."""
    holder = re.search(r"held in (.+?) \(PID (\d+)\)", message)
    for pattern, is_wrong, to_do in REASONS:
        if re.search(pattern, message):
            process = f" (process {holder[2]}, {holder[1]})" if holder else ""
            return f"The database {path} {is_wrong.format(holder=process)}. {to_do}."
    return f"The database {path} cannot be opened ({reason(message)}). Mend that, {AGAIN}."


def raw_file_fault(file: str) -> str:
    """What is wrong with a raw file, and what to do; empty where nothing is found.

    What the mount finds by itself (broken lines, encoding, columns) is not looked for. A file that
    is elsewhere (a URL) is not looked at. ``file`` may be a folder of a table's files, too.
    """
    path = Path(file)
    try:
        if path.is_dir() and path.suffix not in SUFFIXES:
            files = sorted(found for found in path.iterdir() if found.suffix in SUFFIXES)
            return next(filter(None, map(link_fault, files)), "")
        if path.is_dir():
            return (
                f"{file} is a folder in the place of a raw file: put the file there, or name the"
                f" folder {path.stem} if it holds the table's files, {AGAIN}."
            )
        if not path.exists():
            return link_fault(path)
        if path.suffix == ".parquet":
            return parquet_fault(path)
        return line_ending_fault(path)
    except OSError as error:
        kind = "file" if path.suffix in SUFFIXES else "folder"
        return (
            f"The raw {kind} {file} cannot be read ({error.strerror}):"
            f" give this user the right to read it, {AGAIN}."
        )


def link_fault(path: Path) -> str:
    """Whether a path is a link to what is not there, which counts as no file otherwise."""
    if not path.is_symlink() or path.exists():
        return ""
    return (
        f"{path} is a link to {os.readlink(path)}, which is not there: put the file there or remove"
        f" the link, {AGAIN}."
    )


def parquet_fault(path: Path) -> str:
    """Whether the end of the file, where Parquet has its columns, can be read."""
    with path.open("rb"):
        pass
    literal = re.sub(r"([*?[])", r"[\1]", str(path)).replace("'", "''")
    try:
        with duckdb.connect() as connection:
            connection.execute(f"select count(*) from parquet_schema('{literal}')")
    except duckdb.Error as error:
        return (
            f"The raw file {path} is damaged, or no Parquet file ({reason(str(error))}):"
            f" write it anew, {AGAIN}."
        )
    return ""


def line_ending_fault(path: Path) -> str:
    """The first line that ends otherwise than the header; line ends within quotes are text."""
    with path.open("rb") as file:
        is_crlf = file.readline().endswith(b"\r\n")
        file.seek(0)
        lf_count, crlf_count, last = 0, 0, b""
        while part := file.read(CHUNK):
            lf_count += part.count(b"\n")
            crlf_count += part.count(b"\r\n") + (last + part[:1] == b"\r\n")
            last = part[-1:]
    if crlf_count == (lf_count if is_crlf else 0):
        return ""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        # only now every quote matters, which takes longer; a doubled one leaves the state as it was
        line, is_quoted = 1, False
        for part in re.finditer(rb'[^"\n]*(["\n]|\Z)', content):
            end = part[1]
            if end == b'"':
                is_quoted = not is_quoted
            elif end == b"\n":
                if not is_quoted and (content[part.end() - 2 : part.end() - 1] == b"\r") != is_crlf:
                    here, there = ("LF", "CRLF") if is_crlf else ("CRLF", "LF")
                    return (
                        f"The raw file {path} cannot be read: line {line} ends with {here}, the"
                        f" header with {there}. End every line alike, {AGAIN}."
                    )
                line += 1
    return ""


def reason(message: str) -> str:
    """A message on one line, without its closing stop."""
    return " ".join(message.split()).rstrip(".")
