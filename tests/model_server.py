"""A server with OpenAI's API that behaves as a test wants."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qareview.backends import Request, openai

USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
Script = Callable[[BaseHTTPRequestHandler, dict[str, Any], int], None]


def told(*texts: str, **values: Any) -> list[Request]:
    return [Request(({"role": "user", "content": text},), **values) for text in texts]


class Server:
    """Answers as its ``script`` says, which gets the request's body and the count of its tries."""

    def __init__(self) -> None:
        self.script: Script = good
        self.tries: dict[str, list[float]] = {}
        self.bodies: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.served: list[str] | None = None  # the names that it lists; None: it lists none
        self.listing: Script | None = None  # answers who asks for them, if they are not just sent
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with outer.lock:
                    outer.at_once += 1
                    outer.most_at_once = max(outer.most_at_once, outer.at_once)
                    outer.bodies.append(body)
                    outer.keys.add(self.headers["Authorization"])
                    tries = outer.tries.setdefault(body["messages"][-1]["content"], [])
                    tries.append(time.monotonic())
                try:
                    outer.script(self, body, len(tries))
                finally:
                    with outer.lock:
                        outer.at_once -= 1

            def do_GET(self) -> None:
                if outer.listing:
                    outer.listing(self, {}, 1)
                elif outer.served is None or self.path != "/v1/models":
                    send(self, 404, b"<h1>Not here</h1>")
                else:
                    names = [{"id": name, "object": "model"} for name in outer.served]
                    send(self, 200, json.dumps({"object": "list", "data": names}).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/v1"

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def load(self, **options: Any) -> openai.OpenAIBackend:
        return openai.load(self.url, "tiny", **{"seconds": 5, "tries": 3, **options})


def send(handler: Any, status: int, body: bytes, *, claimed: int = 0, **headers: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(claimed or len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def answer(text: str, finish_reason: str = "stop", **more: Any) -> bytes:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return json.dumps({"id": "1", "choices": [choice], "usage": USAGE, **more}).encode()


def pieces(
    handler: Any, *texts: str, finish_reason: str = "stop", usage: bool = True, ended: bool = True
) -> Iterator[str]:
    """Send an answer in pieces; yield each after it was sent."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()
    for text in texts:
        _send_piece(handler, choices=[{"index": 0, "delta": {"content": text}}])
        yield text
    if ended:
        last = {"index": 0, "delta": {}, "finish_reason": finish_reason}
        _send_piece(handler, choices=[last])
        if usage:
            _send_piece(handler, choices=[], usage=USAGE)
        handler.wfile.write(b"data: [DONE]\n\n")


def _send_piece(handler: Any, **values: Any) -> None:
    handler.wfile.write(b"data: " + json.dumps({"id": "1", **values}).encode() + b"\n\n")
    handler.wfile.flush()


BEGINNING = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def dripping(piece: bytes, begun: bytes = BEGINNING, every: float = 0.01) -> Script:
    """Send ``begun``, then a piece again and again, and for a long time no end."""
    pause = threading.Event()

    def drip(handler: Any, _: dict[str, Any], __: int) -> None:
        handler.close_connection = True
        with suppress(OSError):  # whoever asked has left
            handler.wfile.write(begun)
            for _ in range(1000):
                handler.wfile.write(piece)
                handler.wfile.flush()
                pause.wait(every)

    return drip


def good(handler: Any, body: dict[str, Any], tries: int) -> None:
    text = f"Re: {body['messages'][-1]['content']}"
    if body.get("stream"):
        for _ in pieces(handler, *re.findall(r"\S+\s*", text)):
            pass
    else:
        send(handler, 200, answer(text))


def only(text: str, script: Script) -> Script:
    """Misbehave on one request, answer the others."""

    def chosen(handler: Any, body: dict[str, Any], tries: int) -> None:
        is_it = body["messages"][-1]["content"] == text
        (script if is_it else good)(handler, body, tries)

    return chosen


def first(status: int, times: int = 1, **headers: str) -> Script:
    """Answer with an error so many times, then well."""

    def chosen(handler: Any, body: dict[str, Any], tries: int) -> None:
        if tries <= times:
            send(handler, status, b'{"error": {"message": "Not now."}}', **headers)
        else:
            good(handler, body, tries)

    return chosen


def sends(status: int, body: bytes, **options: Any) -> Script:
    return lambda handler, _, __: send(handler, status, body, **options)


def items(*texts: str) -> str:
    """Return the JSON of items: each text is an answer, and the sentence that it rests on."""
    rows = [
        {"question": f"What is told by “{text[:20]}”?", "answer": text, "sentence": text}
        for text in texts
    ]
    return json.dumps({"items": rows}, ensure_ascii=False)


def taking(formats: set[str], script: Script, status: int = 400) -> Script:
    """Refuse a ``response_format`` of another type than these; let ``script`` answer the rest."""

    def chosen(handler: Any, body: dict[str, Any], tries: int) -> None:
        asked = body.get("response_format", {}).get("type", "")
        if asked in {"", *formats}:
            script(handler, body, tries)
        else:
            send(handler, status, b'{"error": {"message": "This is not available."}}')

    return chosen


def in_turn(*replies: bytes) -> Script:
    """Answer with one reply after the other, and with the last one from then on."""
    left = list(replies)

    def chosen(handler: Any, body: dict[str, Any], tries: int) -> None:
        send(handler, 200, left.pop(0) if len(left) > 1 else left[0])

    return chosen
