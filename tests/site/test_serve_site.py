"""The server of `make serve`: ranges, compression, and nothing but the site."""

import gzip
import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import serve_site
from dbt_runs import PROJECT

PAGE = "<!doctype html><title>ü</title>" + "<p>text</p>" * 500


class Server:
    """A site of three files, and what the server answers."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    def get(self, path: str, method: str = "GET", **headers: str):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        response = connection.getresponse()
        response.content = response.read()
        connection.close()
        return response


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("served")
    folder = base / "site"
    (folder / "data/customers").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE, "utf-8")
    (folder / "data/catalog.json").write_text('{"a": [' + "1," * 2000 + "1]}")
    (folder / "data/customers/all.parquet").write_bytes(bytes(range(256)) * 40)
    (base / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(base / "secret.txt")
    with serve_site.bind(0) as listening:
        running = serve_site.server(folder)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        while not running.started:
            time.sleep(0.01)
        yield Server(folder, listening.getsockname()[1])
        running.should_exit = True
        thread.join()


@pytest.mark.parametrize(
    "asked, first, last",
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-299", 100, 299),
        ("bytes=10000-", 10_000, 10_239),
        ("bytes=-8", 10_232, 10_239),
        ("bytes=10200-99999", 10_200, 10_239),
    ],
)
def test_ranges(server, asked, first, last):
    content = (server.folder / "data/customers/all.parquet").read_bytes()
    found = server.get("/data/customers/all.parquet", Range=asked, Accept_Encoding="gzip")
    assert found.status == 206
    assert found.content == content[first : last + 1]
    assert found.headers["content-range"] == f"bytes {first}-{last}/{len(content)}"
    assert found.headers["content-encoding"] is None


def test_a_range_beyond_the_end(server):
    found = server.get("/data/customers/all.parquet", Range="bytes=10240-")
    assert found.status == 416 and found.headers["content-range"] == "bytes */10240"


def test_the_size_is_told_without_the_file(server):
    found = server.get("/data/customers/all.parquet", "HEAD", Accept_Encoding="gzip")
    assert found.status == 200 and found.content == b""
    assert found.headers["content-length"] == "10240"
    assert found.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("path", ["/", "/index.html", "/data/catalog.json"])
def test_text_is_compressed_when_that_is_accepted(server, path):
    plain, small = server.get(path), server.get(path, Accept_Encoding="br, gzip")
    assert plain.headers["content-encoding"] is None
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) == len(small.content) < len(plain.content) / 5
    assert gzip.decompress(small.content) == plain.content
    assert plain.headers["vary"] == small.headers["vary"] == "accept-encoding"
    assert plain.headers["etag"] != small.headers["etag"]


def test_ranges_of_text_are_of_the_plain_text(server):
    found = server.get("/index.html", Range="bytes=0-14", Accept_Encoding="gzip")
    assert found.status == 206 and found.content == b"<!doctype html>"


def test_what_is_compressed_follows_the_file(server):
    path = server.folder / "data/changing.json"
    for text in ("[" + "1," * 999 + "1]", "[" + "2," * 2000 + "2]"):
        path.write_text(text)
        for _ in range(2):
            found = server.get("/data/changing.json", Accept_Encoding="gzip")
            assert gzip.decompress(found.content).decode() == text


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_known_file_is_not_sent_again(server, coding):
    first = server.get("/index.html", Accept_Encoding=coding)
    for header in ({"If_None_Match": first.headers["etag"]}, {"If_Modified_Since": None}):
        header = {k: v or first.headers["last-modified"] for k, v in header.items()}
        again = server.get("/index.html", Accept_Encoding=coding, **header)
        assert again.status == 304 and again.content == b""
    assert server.get("/index.html", If_None_Match='"other"').status == 200
    # it is asked each time: a site that was built anew is seen at once
    assert first.headers["cache-control"] == "no-cache"


def test_types(server):
    types = {
        path: server.get(path).headers["content-type"]
        for path in ("/", "/data/catalog.json", "/data/customers/all.parquet")
    }
    assert types["/"] == "text/html; charset=utf-8"
    assert types["/data/catalog.json"] == "application/json"
    assert not types["/data/customers/all.parquet"].startswith("text/")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/data/../../secret.txt",
        "/data/%2e%2e%2f%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "//secret.txt",
        "/link.txt",
        "/data/customers/%00",
        "/nothing.html",
        "/data",
    ],
)
def test_nothing_but_the_site_is_served(server, path):
    found = server.get(path)
    assert found.status in (307, 400, 404) and b"secret" not in found.content


def test_other_names_of_this_machine_are_not_answered(server):
    assert server.get("/", Host="attacker.example").status == 400
    assert server.get("/", Host=f"localhost:{server.port}").status == 200


def test_nothing_can_be_sent(server):
    for method in ("POST", "PUT", "DELETE"):
        assert server.get("/index.html", method).status == 405


def start(site: Path, port: int) -> subprocess.Popen:
    command = [sys.executable, PROJECT / "scripts/serve_site.py"]
    return subprocess.Popen(
        [*command, "--site", str(site), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_command_takes_the_next_port_and_ends_quietly(server):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = [start(server.folder, port)]
    try:
        first = running[0].stdout.readline()
        assert f"http://127.0.0.1:{port}/" in first
        running.append(start(server.folder, port))
        second = running[1].stdout.readline()
        address = second.split()[1]
        assert address != f"http://127.0.0.1:{port}/"
        with urllib.request.urlopen(address) as response:
            assert response.read().decode() == PAGE
    finally:
        for process in running:
            process.send_signal(signal.SIGINT)
        ends = [process.communicate(timeout=10) for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert ends == [("", ""), ("", "")]


def test_without_a_site_it_says_so(tmp_path):
    process = start(tmp_path, 0)
    out, said = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert said == f"There is no site in {tmp_path}. Build it first: make site\n"
