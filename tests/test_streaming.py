"""Models tell a text while they write it: on this machine, on servers, and the scripted one."""

import itertools
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from qareview.backends import (
    ModelUnavailable,
    Request,
    patience,
    replies,
    scripted,
    server_streams,
)
from qareview.backends import transformers as local
from tests import models
from tests.model_server import USAGE, Server, answer, first, pieces, send, sends, told


class Enough(Exception):
    """Nobody wants more."""


def grows(texts: list[str]) -> bool:
    return all(later.startswith(text) for text, later in itertools.pairwise(texts))


def request(text: str, **values: Any) -> Request:
    return told(text, **values)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.decoder(tmp_path_factory.mktemp("decoder"))


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.question_generator(tmp_path_factory.mktemp("t5"))


def test_a_letter_that_comes_in_two_halves_is_whole(server: Server) -> None:
    def in_halves(handler: Any, _: dict[str, Any], __: int) -> None:
        for _piece in pieces(handler, "a \ud83c", "\udf0a b \ud83c"):
            pass

    server.script = in_halves
    heard: list[str] = []
    completion = server.load().stream(told("a")[0], heard.append)
    assert completion.text == "a 🌊 b ?"
    assert set(heard) <= {"a ?", "a 🌊 b ?"}


@pytest.mark.parametrize("kind", ["folder", "writer"])
def test_a_model_in_memory_tells_each_token(kind: str, request: pytest.FixtureRequest) -> None:
    backend = local.load(path=str(request.getfixturevalue(kind)))
    text = next(iter(models.PAIRS))
    asked = told(text, max_tokens=8)[0]
    heard: list[str] = []
    completion = backend.stream(asked, heard.append)
    [whole] = backend.complete([asked])
    assert completion.text == whole.text
    assert (completion.tokens_in, completion.tokens_out) == (whole.tokens_in, whole.tokens_out)
    assert len(heard) == completion.tokens_out > 2
    assert grows(heard)
    assert heard[-1] == completion.text


def test_what_does_not_fit_is_not_begun(folder: Path) -> None:
    heard: list[str] = []
    completion = local.load(path=str(folder)).stream(
        request("a " * 200, max_tokens=9), heard.append
    )
    assert completion.error.startswith("The prompt has 2")
    assert heard == []


@pytest.mark.parametrize("kind", ["local", "scripted"])
def test_who_has_enough_ends_the_writing(kind: str, folder: Path) -> None:
    backend = local.load(path=str(folder)) if kind == "local" else scripted.load()
    heard: list[str] = []

    def stop_at_two(text: str) -> None:
        heard.append(text)
        if len(heard) == 2:
            raise Enough

    asked = request("Passage: the gate closes at dusk\n\nSay it.", max_tokens=20)
    with pytest.raises(Enough):
        backend.stream(asked, stop_at_two)
    assert len(heard) == 2


def test_a_batch_stands_still_while_a_person_is_served(folder: Path) -> None:
    backend = local.load(path=str(folder))
    done: list[str] = []

    def batch() -> None:
        backend.complete(told("a", "b", max_tokens=5))
        done.append("batch")

    thread = threading.Thread(target=batch)

    def hear(_: str) -> None:
        if not thread.ident:
            thread.start()
            thread.join(0.5)

    backend.stream(request("a", max_tokens=5), hear)
    done.append("person")
    thread.join(10)
    assert done == ["person", "batch"]


# Servers


def test_a_server_is_heard_piece_by_piece(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LOOK_SECONDS", 60)  # so that only pieces are told
    heard: list[str] = []
    whole = server.load().stream(request("the gate closes"), heard.append)
    assert list(dict.fromkeys(heard)) == ["Re:", "Re: the", "Re: the gate", "Re: the gate closes"]
    assert (whole.text, whole.cut_off) == ("Re: the gate closes", False)
    assert (whole.tokens_in, whole.tokens_out) == (7, 3) == tuple(USAGE.values())[:2]
    assert server.bodies[0]["stream"] is True


def test_thoughts_are_not_shown(server: Server) -> None:
    server.script = lambda handler, _, __: list(
        pieces(handler, "<think>Well", " now.</think>", "\n\nIt closes.", finish_reason="length")
    )
    heard: list[str] = []
    whole = server.load().stream(request("a"), heard.append)
    assert list(dict.fromkeys(heard)) == ["", "It closes."]
    assert (whole.text, whole.cut_off) == ("It closes.", True)


def test_a_server_that_counts_nothing_is_counted_for(server: Server) -> None:
    def picky(handler: Any, body: dict[str, Any], _: int) -> None:
        detail = [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "No."}]
        if "stream_options" in body:
            send(handler, 422, json.dumps({"detail": detail}).encode())
        else:
            list(pieces(handler, "It closes.", usage=False))

    server.script = picky
    whole = server.load().stream(request("a"), lambda _: None)
    assert (whole.text, whole.tokens_in, whole.tokens_out) == ("It closes.", 1, 3)


def test_a_server_that_sends_no_pieces_is_asked_for_the_whole(server: Server) -> None:
    server.script = sends(200, answer("It closes."))
    whole = server.load().stream(request("a"), lambda _: None)
    assert whole.text == "It closes."
    assert [body.get("stream") for body in server.bodies] == [True, None]


def test_a_batch_does_not_wait_for_a_server(server: Server, folder: Path) -> None:
    backend = local.load(path=str(folder))
    written: list[str] = []

    def hear(_: str) -> None:
        thread = threading.Thread(
            target=lambda: written.append(backend.complete(told("a", max_tokens=5))[0].text)
        )
        thread.start()
        thread.join(10)

    server.script = lambda handler, _, __: list(pieces(handler, "It closes."))
    server.load().stream(request("a"), hear)
    assert written


def test_who_has_enough_is_sent_no_more(server: Server) -> None:
    released, is_broken = threading.Event(), threading.Event()

    def endless(handler: Any, _: Any, __: Any) -> None:
        try:
            for _ in pieces(handler, *["more "] * 100_000):
                released.wait(0.001)
        except OSError:
            is_broken.set()

    server.script = endless

    def stop(_: str) -> None:
        raise Enough

    with pytest.raises(Enough):
        server.load().stream(request("a"), stop)
    assert is_broken.wait(10)


def test_a_server_that_only_thinks_can_be_stopped(server: Server) -> None:
    server.script = lambda handler, _, __: list(pieces(handler, *[""] * 9))

    def stop(_: str) -> None:
        raise Enough

    with pytest.raises(Enough):
        server.load().stream(request("a"), stop)


def test_an_endless_answer_is_cut_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "LONGEST_TEXT", 12)
    monkeypatch.setattr(server_streams, "LONGEST_TEXT", 12)
    server.script = lambda handler, _, __: list(pieces(handler, *["more "] * 9))
    heard: list[str] = []
    whole = server.load().stream(request("a"), heard.append)
    assert (whole.text, whole.cut_off) == ("more more mo", True)
    assert heard[-1] == "more more mo"


@pytest.mark.parametrize(
    "piece", [5, [], {"choices": "no"}, {"choices": [{"delta": {"content": 5}}]}, {"choices": [5]}]
)
def test_other_json_than_pieces_is_told(server: Server, piece: Any) -> None:
    body = f"data: {json.dumps(piece)}\n\n".encode()
    server.script = sends(200, body, Content_Type="text/event-stream")
    with pytest.raises(ModelUnavailable, match="did not answer with JSON"):
        server.load().stream(request("a"), lambda _: None)


def test_an_answer_that_breaks_off_is_asked_for_again(server: Server) -> None:
    def breaking(handler: Any, _: Any, tries: int) -> None:
        if tries == 1:
            handler.send_response(200)
            handler.send_header("Content-Type", "text/event-stream")
            handler.send_header("Content-Length", "9999")
            handler.end_headers()
            handler.wfile.write(b'data: {"id": "1", "choices": []}\n\n')
            handler.close_connection = True
        else:
            list(pieces(handler, "It closes."))

    server.script = breaking
    assert server.load().stream(request("a"), lambda _: None).text == "It closes."


def test_what_a_server_says_is_wrong_is_told(server: Server) -> None:
    server.script = first(401, 9)
    with pytest.raises(ModelUnavailable, match="does not accept the key; check it: Not now"):
        server.load().stream(request("a"), lambda _: None)
