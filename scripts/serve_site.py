"""Serve the site on this machine alone, until Ctrl-C.

    python scripts/serve_site.py
    python scripts/serve_site.py --site /srv/crm --port 9000

In:  the folder that scripts/build_site.py wrote (`--site`).
Out: a web server on 127.0.0.1 that answers ranges, so that the page reads parts of large files, and
     compresses text. A port that is taken is not waited for: the next free one is used, and the
     address is printed. A folder without a site is one sentence and exit code 1.
"""

import argparse
import gzip
import os
import socket
import sys
from pathlib import Path

import uvicorn
from rich.console import Console
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import FileResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

PROJECT = Path(__file__).resolve().parent.parent
ADDRESS = "127.0.0.1"
PORTS_TRIED = 50
SMALLEST_COMPRESSED = 1_000  # bytes
GZIP_LEVEL = 6


class ServeError(Exception):
    """What is wrong, in one sentence for the user."""


class SiteFiles(StaticFiles):
    """Files of a folder; text is compressed once, when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)
        self.compressed: dict[str, tuple[str, bytes]] = {}

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        asked = Headers(scope=scope)
        plain = FileResponse(full_path, status_code=status_code, stat_result=stat_result)
        # the browser keeps a file, but asks whether it is still the one
        plain.headers["cache-control"] = "no-cache"
        kind = plain.headers["content-type"]
        is_text = kind.startswith("text/") or kind == "application/json"
        if is_text:
            plain.headers["vary"] = "accept-encoding"
        if (
            is_text
            and "gzip" in asked.get("accept-encoding", "")
            and "range" not in asked
            and stat_result.st_size >= SMALLEST_COMPRESSED
        ):
            response = self.compress(full_path, plain)
        else:
            response = plain
        if self.is_not_modified(response.headers, asked):
            return NotModifiedResponse(response.headers)
        return response

    def compress(self, path: str | os.PathLike[str], plain: FileResponse) -> Response:
        etag, content = self.compressed.get(str(path), ("", b""))
        if etag != plain.headers["etag"]:
            etag = plain.headers["etag"]
            # always the same bytes: no time in the header
            content = gzip.compress(Path(path).read_bytes(), GZIP_LEVEL, mtime=0)
            self.compressed[str(path)] = (etag, content)
        headers = {
            **plain.headers,
            "content-encoding": "gzip",
            "content-length": str(len(content)),
            "etag": f'{etag[:-1]}-gzip"',
        }
        del headers["accept-ranges"]
        return Response(content, plain.status_code, headers)


def application(folder: Path) -> Starlette:
    """The site as an ASGI application."""
    return Starlette(
        routes=[Mount("/", SiteFiles(folder))],
        # a page from elsewhere whose name leads to this machine is not answered
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[ADDRESS, "localhost"])],
    )


def bind(port: int) -> socket.socket:
    """A socket at the port, or at the next one that is free."""
    for candidate in range(port, min(port + PORTS_TRIED, 65_536)):
        taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((ADDRESS, candidate))
            taken.listen()
        except OSError:
            taken.close()
            continue
        return taken
    raise ServeError(f"No port from {port} on is free: name another with --port.")


def server(folder: Path) -> uvicorn.Server:
    """A server of the site; it says nothing of what it is asked."""
    return uvicorn.Server(uvicorn.Config(application(folder), log_level="warning", lifespan="off"))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--site",
        type=Path,
        default="site",
        help="folder of the site; a relative path starts at the project (default: %(default)s)",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=8080,
        help="the first port to try (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    if not 0 <= options.port < 65_536:
        parser.error("--port takes a number from 0 to 65535.")
    folder = (PROJECT / options.site).resolve()
    try:
        if not (folder / "index.html").is_file():
            raise ServeError(f"There is no site in {folder}. Build it first: make site")
        with bind(options.port) as listening:
            Console(soft_wrap=True, highlight=False).print(
                f"Site: [bold]http://{ADDRESS}:{listening.getsockname()[1]}/[/bold]  "
                "(Ctrl-C ends it)"
            )
            server(folder).run(sockets=[listening])
    except ServeError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
