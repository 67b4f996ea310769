"""A hostile file causes an error on its own row and does not harm the worker."""

import os
import signal
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from generation.reading import reader_process, readers, readings
from tests import files, running


def read(path: Path, name: str = "", seconds: int = 30, megabytes: int = 1000) -> readings.Reading:
    return reader_process.read_isolated(
        path, name or path.name, seconds=seconds, megabytes=megabytes
    )


def test_what_is_read_is_the_same_as_in_this_process(tmp_path: Path) -> None:
    path = tmp_path / "lock 🌊 -n.pdf"
    path.write_bytes(files.pdf())
    assert read(path) == readers.read_file(path, path.name)


def test_a_reason_comes_through(tmp_path: Path) -> None:
    path = tmp_path / "empty.md"
    path.touch()
    with pytest.raises(readings.CannotRead, match=r"^The file is empty\.$"):
        read(path)


def test_what_takes_too_long_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "endless.md"
    os.mkfifo(path)  # nobody ever writes into it
    with pytest.raises(readings.CannotRead, match="Reading took longer than 1 seconds"):
        read(path, seconds=1)


def bomb(path: Path, member: str, start: bytes) -> Path:
    """Write an archive of which one member unpacks to 800 MB."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(member, "w", force_zip64=True) as file,
    ):
        file.write(start)
        for _ in range(800):
            file.write(b" " * 1_000_000)
    assert path.stat().st_size < 5_000_000
    return path


def test_a_decompression_bomb_is_stopped(tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb.docx", "word/document.xml", b"<?xml version='1.0'?><w:document>")
    with pytest.raises(readings.CannotRead):
        read(path, megabytes=400)


ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))


def test_an_entity_bomb_does_not_unfold(tmp_path: Path) -> None:
    path = tmp_path / "laughs.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "word/document.xml",
            f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e0 "ha">{ENTITIES}]>'
            '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
            "<w:body><w:p><w:r><w:t>Before &e9; after</w:t></w:r></w:p></w:body></w:document>",
        )
    try:
        text = read(path, megabytes=400, seconds=20).text
    except readings.CannotRead as reason:
        text = str(reason)
    assert len(text) < 1000


# One process reads one file after the other


def process() -> int:
    """Return the process that reads."""
    [one] = running.processes_of(reader_process.__name__)
    return one


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.md"
    path.write_text(files.MARKDOWN)
    return path


def test_the_same_process_reads_one_file_after_the_other(sound: Path) -> None:
    read(sound)
    before = process()
    assert read(sound).text == files.MARKDOWN
    assert process() == before


def test_a_reader_that_died_idle_costs_no_row(sound: Path) -> None:
    read(sound)
    before = process()
    os.kill(before, signal.SIGKILL)
    assert read(sound).text == files.MARKDOWN
    assert process() != before


def test_a_reader_is_replaced_after_its_last_file(sound: Path) -> None:
    reader_process.stop_reader()
    read(sound)
    first = process()
    for _ in range(reader_process.MOST_FILES - 2):
        read(sound)
    assert process() == first
    for _ in range(2):
        assert read(sound).text == files.MARKDOWN
    assert process() != first


def test_what_libraries_print_is_no_answer(sound: Path) -> None:
    read(sound)
    for number in (1, 2):
        with Path(f"/proc/{process()}/fd/{number}").open("a") as printed:
            printed.write('{"error": "printed"}\n')
    assert read(sound).text == files.MARKDOWN


def test_the_next_file_after_one_that_took_too_long_is_read(sound: Path) -> None:
    path = sound.with_name("endless.md")
    os.mkfifo(path)
    for _ in range(2):
        with pytest.raises(readings.CannotRead, match="Reading took longer than 1 seconds"):
            read(path, seconds=1)
        assert read(sound).text == files.MARKDOWN


def test_the_next_file_after_one_that_needed_too_much_memory_is_read(sound: Path) -> None:
    path = sound.with_name("large.txt")
    path.write_bytes(b"The tide rises. " * 20_000_000)
    with pytest.raises(readings.CannotRead, match="Reading needed more than 400 MB of memory"):
        read(path, megabytes=400)
    assert read(sound, megabytes=400).text == files.MARKDOWN


def test_a_worker_that_forks_does_not_share_its_reader(sound: Path) -> None:
    read(sound)
    child = os.fork()
    if not child:
        try:
            os._exit(
                int(bool(reader_process._processes.idle) or read(sound).text != files.MARKDOWN)
            )
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert read(sound).text == files.MARKDOWN


def test_a_reader_ends_with_its_worker(sound: Path) -> None:
    theirs, ours = os.pipe()
    child = os.fork()
    if not child:
        read(sound)
        os.write(ours, str(process()).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    reader = int(os.read(theirs, 100))
    with suppress(FileNotFoundError, ProcessLookupError):  # it ended between the two looks
        while b"reader_process" in command(reader):
            os.sched_yield()


def test_the_reader_knows_no_secrets(sound: Path) -> None:
    assert "DATABASE_URL" in os.environ
    read(sound)
    environment = Path(f"/proc/{process()}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"_URL" not in environment


def test_a_reader_that_dies_while_reading_fails_its_file_only(sound: Path) -> None:
    endless = sound.with_name("endless.md")
    os.mkfifo(endless)
    read(sound)
    reader = process()

    def kill() -> None:
        with endless.open("w"):  # waits until the reader has opened it
            os.kill(reader, signal.SIGTERM)

    threading.Thread(target=kill).start()
    with pytest.raises(readings.CannotRead, match="The file could not be read"):
        read(endless)
    assert read(sound).text == files.MARKDOWN
