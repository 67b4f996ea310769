"""A server that behaves as a hub of models does, or as badly as a test wants."""

import gzip
import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ID = "org/tiny"
INFO = re.compile(r"/api/models/([^/]+/[^/]+)/revision/([^/?]+)")
FILE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
WEIGHTS = re.compile(r"\.safetensors$")
PIECE = 64 * 1024  # bytes that are sent at once

Sender = Callable[[Any, bytes, int], None]


class Hub:
    """Serves one model, whose ``files`` are contents by name."""

    def __init__(self, folder: Path) -> None:
        self.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.listed: dict[str, Any] = {}  # sizes that it lists, but that are not so
        self.private_for = ""  # the token that it wants
        self.gated = False  # whether the files want a token, too, and the list does not
        self.refuser: Callable[[Any, int, str], None] = refuse
        self.status = 0  # of every answer, if it is not 0
        self.lister: Callable[[Any, bytes], None] = reply
        self.reply = b""  # of every request for the list, if it is not empty
        self.senders: dict[str, Sender] = {}  # how a file is sent, if not as a whole
        self.knows_ranges = True
        self.elsewhere = ""  # the address of the hub that has the weights
        self.sent: Counter[str] = Counter()  # bytes of each file
        self.tokens: set[str | None] = set()
        self.ranges: list[str] = []
        self.go_on = threading.Event()  # what waits_in_the_middle waits for
        self.is_in_the_middle = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.tokens.add(self.headers["Authorization"])
                outer.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                pass  # workers that stop hang up

        self.http = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"

    def close(self) -> None:
        self.go_on.set()
        self.http.shutdown()
        self.http.server_close()

    def answer(self, handler: Any) -> None:
        info, file = INFO.match(handler.path), FILE.match(handler.path)
        found = info or file
        is_let_in = handler.headers["Authorization"] == f"Bearer {self.private_for}"
        if self.status:
            self.refuser(handler, self.status, "")
        elif file and self.gated and not is_let_in:
            refuse(handler, 401 if not handler.headers["Authorization"] else 403, "GatedRepo")
        elif not found or found[1] != ID:
            refuse(handler, 404, "RepoNotFound")
        elif self.private_for and not self.gated and not is_let_in:
            refuse(handler, 401, "RepoNotFound")
        elif found[2] not in ("main", COMMIT):
            refuse(handler, 404, "RevisionNotFound")
        elif info:
            self.lister(handler, self.reply or json.dumps(self.listing()).encode())
        else:
            self.send_file(handler, unquote(found[3]))

    def listing(self) -> dict[str, Any]:
        siblings = []
        for name, content in self.files.items():
            size = self.listed.get(name, len(content))
            sibling: dict[str, Any] = {"rfilename": name, "size": size, "blobId": "0"}
            if name.endswith(".safetensors"):
                sha256 = hashlib.sha256(content).hexdigest()
                sibling["lfs"] = {"sha256": sha256, "size": size, "pointerSize": 134}
            siblings.append(sibling)
        return {"id": ID, "modelId": ID, "sha": COMMIT, "siblings": siblings, "tags": []}

    def send_file(self, handler: Any, name: str) -> None:
        if name not in self.files:
            return refuse(handler, 404, "EntryNotFound")
        if self.elsewhere and WEIGHTS.search(name):
            handler.send_response(302)
            handler.send_header("Location", f"{self.elsewhere}{handler.path}")
            handler.send_header("Content-Length", "0")
            return handler.end_headers()
        content = self.files[name]
        wanted = handler.headers["Range"] if self.knows_ranges else None
        first = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted else 0
        handler.send_response(206 if wanted else 200)
        if wanted:
            self.ranges.append(wanted)
            handler.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.senders.get(name, self.whole)(handler, content[first:], first)
        return None

    def whole(self, handler: Any, content: bytes, first: int) -> None:
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        name = unquote(handler.path.rpartition("/")[2])
        for place in range(0, len(content), PIECE):
            handler.wfile.write(content[place : place + PIECE])
            self.sent[name] += len(content[place : place + PIECE])

    def waits_in_the_middle(self, handler: Any, content: bytes, first: int) -> None:
        """Send a half, then wait until the test wants the rest."""
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        name = unquote(handler.path.rpartition("/")[2])
        half = len(content) // 2
        handler.wfile.write(content[:half])
        self.sent[name] += half
        self.is_in_the_middle.set()
        assert self.go_on.wait(60)
        handler.wfile.write(content[half:])
        self.sent[name] += len(content) - half


def endless(handler: Any, content: bytes, first: int) -> None:
    """Send bytes until nobody listens any more."""
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    try:
        while True:
            handler.wfile.write(b"x" * PIECE)
    except OSError:
        pass


def too_short(handler: Any, content: bytes, first: int) -> None:
    """Send less than was listed, as if it were all."""
    handler.send_header("Content-Length", str(len(content) // 2))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])


def other_content(handler: Any, content: bytes, first: int) -> None:
    """Send as many other bytes."""
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(b"x" * len(content))


def endless_list(handler: Any, body: bytes) -> None:
    handler.send_response(200)
    endless(handler, body, 0)


def endless_error(handler: Any, status: int, code: str) -> None:
    handler.send_response(status)
    endless(handler, b"", 0)


def compressed(handler: Any, body: bytes) -> None:
    """Send some kilobytes that become many megabytes."""
    bomb = gzip.compress(b" " * 50_000_000)
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(bomb)))
    handler.end_headers()
    handler.wfile.write(bomb)


def reply(handler: Any, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def refuse(handler: Any, status: int, code: str) -> None:
    handler.send_response(status)
    if code:
        handler.send_header("X-Error-Code", code)
    handler.send_header("Content-Length", "0")
    handler.end_headers()
