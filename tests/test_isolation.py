"""A hostile file costs its row an error, and the worker nothing."""

import os
import zipfile
from pathlib import Path

import pytest

from generation import isolation, readers
from tests import files


def read(path: Path, name: str = "", seconds: int = 30, megabytes: int = 1000) -> readers.Reading:
    return isolation.read(path, name or path.name, seconds=seconds, megabytes=megabytes)


def test_what_is_read_is_the_same_as_without_isolation(tmp_path: Path) -> None:
    path = tmp_path / "lock 🌊 -n.pdf"
    path.write_bytes(files.pdf())
    assert read(path) == readers.read(path, path.name)


def test_a_reason_comes_through(tmp_path: Path) -> None:
    path = tmp_path / "empty.md"
    path.touch()
    with pytest.raises(readers.CannotRead, match=r"^The file is empty\.$"):
        read(path)


def test_what_takes_too_long_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "endless.md"
    os.mkfifo(path)  # nobody ever writes into it
    with pytest.raises(readers.CannotRead, match="Reading took longer than 1 seconds"):
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
    with pytest.raises(readers.CannotRead):
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
    except readers.CannotRead as reason:
        text = str(reason)
    assert len(text) < 1000


def test_the_reader_knows_no_secrets(tmp_path: Path) -> None:
    assert not {"DATABASE_URL", "REDIS_URL"} & set(isolation.KEPT_VARIABLES)
