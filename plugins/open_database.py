"""Opens the DuckDB file, or says in one sentence why not and what to do.

dbt-duckdb calls this plugin (profiles.yml) right before it connects, earlier than any macro runs;
by itself an error at that point ends in a traceback.

In:  the path in the profile. A relative one starts at the project; an absent folder is made.
Out: nothing. A file that cannot be opened is one sentence and dbt's exit code 2; it stays as it is.
"""

import contextlib
import os
import re
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

PROJECT = Path(__file__).resolve().parent.parent
AGAIN = "then run dbt again"
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
        "cannot be opened, as its disk is full",
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
        if creds.path == ":memory:" or "://" in creds.path or creds.path.startswith("md:"):
            return
        path = PROJECT / creds.path
        creds.path = str(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # DuckDB opens a file in a folder that cannot be written, and fails at its first commit
            if not os.access(path.parent, os.W_OK):
                raise PermissionError(f"Permission denied: {path.parent}")
            # a second opening is cheap; it is closed at once, so that dbt's own has its settings
            with contextlib.suppress(duckdb.ConnectionException):  # open in this process already
                duckdb.connect(creds.path).close()
        except (duckdb.Error, OSError) as error:
            raise DbtRuntimeError(sentence(path, str(error))) from None


def sentence(path: Path, message: str) -> str:
    """What is wrong with a database, and what to do. ``message``: of DuckDB or the system."""
    holder = re.search(r"held in (.+?) \(PID (\d+)\)", message)
    for pattern, is_wrong, to_do in REASONS:
        if re.search(pattern, message):
            process = f" (process {holder[2]}, {holder[1]})" if holder else ""
            return f"The database {path} {is_wrong.format(holder=process)}. {to_do}."
    reason = " ".join(message.split()).rstrip(".")
    return f"The database {path} cannot be opened ({reason}). Mend that, {AGAIN}."
