"""Start or stop a Spark cluster of the project's own, for tests and to try things out.

    python scripts/spark_cluster.py start     prints the settings that dbt needs
    python scripts/spark_cluster.py start --large     for millions of rows: more memory
    python scripts/spark_cluster.py status
    python scripts/spark_cluster.py stop

A standalone cluster from the pyspark package: a master, two workers and a Thrift server, each a
process of its own. They listen on the loopback only, ask for no password and keep their data in
build/spark: not for data that matter. Where Java is not installed, and this is Debian and the user
is root, Debian's package is installed.
"""

import argparse
import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from postgres_server import ServerError, free_port, install_package

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / "build/spark"
USER = "clientele"
PACKAGE = "openjdk-17-jre-headless"
WORKERS = 2
# half a minute, unless the machine is busy
SECONDS_TO_START = 600
# of the Thrift server, which is the driver: it plans all statements
DRIVER_MEMORY = "4g"
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
THRIFT_SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
# errors, and the statements that come in, as most servers log them
LOGGING = """\
rootLogger.level = error
logger.statements.name = org.apache.spark.sql.hive.thriftserver.SparkExecuteStatementOperation
logger.statements.level = info
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n
"""
SETTINGS = {
    "spark.executor.cores": "1",
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    # the next build runs the same compiled code
    "spark.sql.codegen.cache.maxEntries": "10000",
}
# every thread has a metastore client of its own, which takes longer to make than most statements
HIVE_SETTINGS = {
    "hive.server2.async.exec.threads": "8",
    "hive.server2.async.exec.keepalive.time": "1h",
}
# a process without memory left would go on and answer with errors: it ends, and is started anew
JAVA_OPTIONS = "-Duser.timezone=UTC -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError"


@dataclass(frozen=True)
class Size:
    """How much data a cluster is for: what its executors have, and how Spark runs statements."""

    executor_memory: str
    executor_options: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


SMALL = Size(
    "1500m",
    # code that executors run is gone after a statement, so that it is not optimised; planning is
    "-XX:TieredStopAtLevel=1",
    # to plan a statement takes longer than to run it
    {"spark.sql.shuffle.partitions": "2", "spark.sql.adaptive.enabled": "false"},
)
# for all that is not said here Spark's own settings are right
LARGE = Size("5g")


@dataclass(frozen=True)
class Cluster:
    """Where a cluster's Thrift server is, and as whom dbt connects to it."""

    port: int

    @property
    def settings(self) -> Mapping[str, str]:
        """Environment of dbt and of the scripts."""
        return {
            "CRM_SPARK_HOST": "127.0.0.1",
            "CRM_SPARK_PORT": str(self.port),
            "CRM_SPARK_USER": USER,
        }


def java() -> str | None:
    """The program java; None where it is not installed."""
    if home := os.environ.get("JAVA_HOME"):
        return str(Path(home) / "bin/java")
    return shutil.which("java")


def install() -> Path:
    """Folder of Spark; Java is installed where need be."""
    found = importlib.util.find_spec("pyspark")
    if not found or not found.origin:
        raise ServerError(
            "pyspark is not installed in this environment:"
            " `pip install --no-deps --require-hashes -r requirements-spark.txt` installs it."
        )
    if not java():
        install_package(PACKAGE, "Java")
        if not java():
            raise ServerError(f"{PACKAGE} is installed, but the program java is not found.")
    return Path(found.origin).parent


def listens(port: int) -> bool:
    """Whether somebody listens on a port of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def started_at(pid: int) -> str:
    """When a process was started; empty where there is none."""
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(command, env=environment, capture_output=True, text=True).stdout.strip()


def processes(folder: Path) -> dict[str, int]:
    """Those processes of the cluster of a folder that run, by name, in the order of their start."""
    running = {}
    for file in sorted(folder.glob("*.pid"), key=lambda file: file.stat().st_mtime):
        pid, started = file.read_text("utf-8").splitlines()
        # the number may be another process's by now
        if started and started == started_at(int(pid)):
            running[file.stem] = int(pid)
    return running


def launch(
    folder: Path, spark: Path, name: str, program: str, *arguments: str, memory: str = "512m"
) -> None:
    """Start one process of the cluster, in a session of its own, and keep its number.

    Its memory goes by the name of a daemon's, which Spark heeds for the Thrift server too, before
    any setting or option of the driver's.
    """
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", str(folder)),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "SPARK_HOME": str(spark),
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
        "SPARK_WORKER_DIR": str(folder / "work"),
        "SPARK_DAEMON_MEMORY": memory,
        "SPARK_NO_DAEMONIZE": "1",
    }
    if home := os.environ.get("JAVA_HOME"):
        environment["JAVA_HOME"] = home
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [spark / "bin" / program, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    identity = f"{process.pid}\n{started_at(process.pid)}\n"
    (folder / f"{name}.pid").write_text(identity, encoding="utf-8")


def options(name: str, settings: Mapping) -> list[str]:
    """Settings as a program's options of a name."""
    return [word for setting, value in settings.items() for word in (name, f"{setting}={value}")]


def wait_for(folder: Path, name: str, port: int) -> None:
    """Wait until a process listens, or say what it said last."""
    deadline = time.monotonic() + SECONDS_TO_START
    while not listens(port):
        is_late = time.monotonic() > deadline
        if is_late or name not in processes(folder):
            said = (folder / f"{name}.log").read_text("utf-8", errors="replace").splitlines()
            raise ServerError(
                f"Spark's {name} did not start{f' in {SECONDS_TO_START} s' if is_late else ''};"
                f" {folder / name}.log ends with:"
                f" {' '.join(said[-3:])}"
            )
        time.sleep(0.5)


def start(folder: Path = FOLDER, size: Size = SMALL) -> Cluster:
    """Start the cluster of a folder, which is made where need be, and return it.

    One that runs already stays as it is.
    """
    folder = folder.resolve()
    if len(processes(folder)) == WORKERS + 2:
        return read_cluster(folder)
    spark = install()
    stop(folder)
    (folder / "conf").mkdir(parents=True, exist_ok=True)
    (folder / "conf/log4j2.properties").write_text(LOGGING, encoding="utf-8")
    master, port = free_port(), free_port()
    settings = {
        **SETTINGS,
        **size.settings,
        "spark.executor.memory": size.executor_memory,
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={folder / 'metastore'};create=true"
        ),
        "spark.driver.extraJavaOptions": f"{JAVA_OPTIONS} -Dderby.system.home={folder}",
        "spark.executor.extraJavaOptions": f"{JAVA_OPTIONS} {size.executor_options}".rstrip(),
    }
    launch(folder, spark, "master", "spark-class", MASTER, "--host", "127.0.0.1",
           "--port", str(master), "--webui-port", "0")  # fmt: skip
    wait_for(folder, "master", master)
    for number in range(1, WORKERS + 1):
        launch(folder, spark, f"worker-{number}", "spark-class", WORKER, "--host", "127.0.0.1",
               "--cores", "1", "--memory", size.executor_memory, "--webui-port", "0",
               f"spark://127.0.0.1:{master}")  # fmt: skip
    hive_settings = {
        **HIVE_SETTINGS,
        "hive.server2.thrift.port": port,
        "hive.server2.thrift.bind.host": "127.0.0.1",
    }
    launch(folder, spark, "thrift-server", "spark-submit", "--class", THRIFT_SERVER,
           "--master", f"spark://127.0.0.1:{master}", *options("--conf", settings),
           "spark-internal", *options("--hiveconf", hive_settings),
           memory=DRIVER_MEMORY)  # fmt: skip
    (folder / "port").write_text(f"{port}\n", encoding="utf-8")
    wait_for(folder, "thrift-server", port)
    return read_cluster(folder)


def read_cluster(folder: Path) -> Cluster:
    """The cluster of a folder as it was started."""
    return Cluster(int((folder / "port").read_text("utf-8")))


def columns_of(files: str, connection) -> list[str]:
    """SQL of the columns of Parquet files that Spark wrote, as DuckDB has to read them.

    Spark's timestamps are moments, and shown in UTC.
    """
    return [
        f"timezone('UTC', {name}) as {name}" if "ZONE" in type_ else name
        for name, type_, *_ in connection.execute(f"describe select * from {files}").fetchall()
    ]


def stop(folder: Path = FOLDER, remove: bool = False) -> None:
    """Stop the cluster of a folder, the last process first, and remove its data if asked to."""
    folder = folder.resolve()
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for pid in reversed(processes(folder).values()):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, sign)
        deadline = time.monotonic() + 20
        while processes(folder) and time.monotonic() < deadline:
            time.sleep(0.2)
    for file in folder.glob("*.pid"):
        file.unlink()
    if remove:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["start", "stop", "status"])
    parser.add_argument(
        "--large", action="store_true", help="start it for millions of rows, with up to 16 GB"
    )
    asked = parser.parse_args()
    action = asked.action
    try:
        if action == "start":
            for name, value in start(size=LARGE if asked.large else SMALL).settings.items():
                print(f"export {name}={value}")
        elif action == "stop":
            stop()
        else:
            count = len(processes(FOLDER))
            print(f"{count} of {WORKERS + 2} processes run" + (", in build/spark" if count else ""))
    except (ServerError, OSError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
