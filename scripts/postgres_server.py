"""Start or stop a PostgreSQL server of the project's own, for tests and to try things out.

    python scripts/postgres_server.py start     prints the settings that dbt needs
    python scripts/postgres_server.py stop

It listens on the loopback only, keeps its data in build/postgres and asks for a password that is
made at random. It trades durability for speed: not for data that matter. Where PostgreSQL is not
installed, and this is Debian and the user is root, Debian's package is installed.
"""

import argparse
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / "build/postgres"
DATABASE = "clientele"
USER = "clientele"
PACKAGE = "postgresql-15"
VERSION = "15"
# text is put in order byte by byte, as DuckDB does, and lower() knows all letters
LOCALE = ["--encoding=UTF8", "--lc-collate=C", "--lc-ctype=C.UTF-8", "--locale=C.UTF-8"]
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # compiling the long expressions of the models takes longer than reading a sample
    "jit": "off",
    "timezone": "UTC",
}


class ServerError(Exception):
    """What is wrong, in one sentence for the user."""


@dataclass(frozen=True)
class Server:
    """Where a server is, and as whom dbt connects to it."""

    port: int
    password: str

    @property
    def settings(self) -> Mapping[str, str]:
        """Environment of dbt and of the scripts."""
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": USER,
            "PGPASSWORD": self.password,
            "PGDATABASE": DATABASE,
        }


def programs() -> Path | None:
    """Folder of the server's programs; None where it is not installed."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not found and (on_path := shutil.which("initdb")):
        found = [Path(on_path).resolve().parent]
    preferred = [path for path in found if path.parent.name == VERSION]
    return (preferred or sorted(found) or [None])[-1]


def install_package(package: str, what: str) -> None:
    """Install a package of Debian's that brings ``what``, or say in one sentence why not."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise ServerError(
            f"{what} is not installed: install it first, on Debian with"
            f" `apt-get install {package}` as root."
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update"],
        ["apt-get", "install", "--yes", "--no-install-recommends", package],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        # a list that cannot be renewed may be good enough
        if done.returncode != 0 and command[1] == "install":
            raise ServerError(
                f"{what} is not installed and `{' '.join(command)}` failed:"
                f" {done.stderr.strip().splitlines()[-1:]}"
            )


def install() -> Path:
    """Folder of the server's programs, installed where need be."""
    if not programs():
        install_package(PACKAGE, "PostgreSQL")
    if not (folder := programs()):
        raise ServerError(f"{PACKAGE} is installed, but its programs are not found.")
    return folder


def owner() -> dict:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        account = pwd.getpwnam("nobody")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def run(program: Path, *arguments: str) -> str:
    """Run one of the server's programs as the server's owner."""
    done = subprocess.run(
        [program, *arguments],
        **owner(),
        cwd="/",
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise ServerError(f"{program.name} ended with {done.returncode}: {done.stdout.strip()}")
    return done.stdout


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def running(folder: Path) -> bool:
    """Whether the server of a folder runs."""
    try:
        lines = (folder / "data/postmaster.pid").read_text("utf-8").splitlines()
        os.kill(int(lines[0]), 0)
    except (OSError, ValueError, IndexError):
        return False
    return True


def read_server(folder: Path) -> Server:
    """The server of a folder as it was made."""
    return Server(
        int((folder / "port").read_text("utf-8")), (folder / "password").read_text("utf-8").strip()
    )


def make(folder: Path, bin_folder: Path) -> None:
    """Make the data folder of a new server."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "password").write_text(secrets.token_hex(16) + "\n", encoding="utf-8")
    (folder / "password").chmod(0o600)
    (folder / "port").write_text(f"{free_port()}\n", encoding="utf-8")
    account = owner()
    if account:
        for path in (folder, folder / "password", folder / "port"):
            os.chown(path, account["user"], account["group"])
    data = folder / "data"
    run(
        bin_folder / "initdb",
        f"--pgdata={data}",
        f"--username={USER}",
        "--auth=scram-sha-256",
        f"--pwfile={folder / 'password'}",
        "--no-sync",
        *LOCALE,
    )
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        for name, value in SETTINGS.items():
            file.write(f"{name} = '{value}'\n")


def start(folder: Path = FOLDER) -> Server:
    """Start the server of a folder, which is made where need be, and return it."""
    bin_folder = install()
    if not (folder / "data/PG_VERSION").exists() or not (folder / "port").exists():
        make(folder, bin_folder)
    if not running(folder):
        server = read_server(folder)
        run(
            bin_folder / "pg_ctl",
            f"--pgdata={folder / 'data'}",
            f"--log={folder / 'data/server.log'}",
            f"--options=-p {server.port}",
            "--wait",
            "start",
        )
    server = read_server(folder)
    environment = {**os.environ, **server.settings}
    for _ in range(50):
        listed = subprocess.run(
            [bin_folder / "psql", "--dbname=postgres", "--list", "--tuples-only", "--no-align"],
            env=environment,
            capture_output=True,
            text=True,
        )
        if listed.returncode == 0:
            break
        time.sleep(0.2)
    else:
        raise ServerError(f"The server does not answer: {listed.stderr.strip()}")
    if not re.search(rf"^{DATABASE}\|", listed.stdout, re.MULTILINE):
        subprocess.run(
            [bin_folder / "createdb", "--maintenance-db=postgres", DATABASE],
            env=environment,
            check=True,
        )
    return server


def stop(folder: Path = FOLDER, remove: bool = False) -> None:
    """Stop the server of a folder, and remove its data if asked to."""
    if running(folder) and (bin_folder := programs()):
        run(bin_folder / "pg_ctl", f"--pgdata={folder / 'data'}", "--mode=fast", "--wait", "stop")
    if remove:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["start", "stop"])
    action = parser.parse_args().action
    try:
        if action == "stop":
            stop()
            return 0
        for name, value in start().settings.items():
            print(f"export {name}={value}")
    except (ServerError, OSError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
