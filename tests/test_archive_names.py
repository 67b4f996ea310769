"""Files of an archive keep their names and folders, in whatever encoding they are written."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from generation.reading import archive_names, archives, documents

AWKWARD = Path(__file__).parent / "awkward"


def names_in(data: bytes, folder: Path) -> list[str]:
    path = folder / "a.zip"
    path.write_bytes(data)
    unpacked = archives.unpack_archive(path, folder, 1_000_000)
    return [documents.clean_path(member.name) for member in unpacked.members]


def zipped(names: dict[str, bytes], extra: bytes = b"") -> bytes:
    """Return an archive whose files have the bytes of these names, which state no encoding."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for placeholder in names:
            info = zipfile.ZipInfo(placeholder)
            info.extra = extra
            archive.writestr(info, "The gate closes at dusk.")
    data = target.getvalue()
    for placeholder, name in names.items():
        assert len(name) == len(placeholder)
        data = data.replace(placeholder.encode(), name)
    return data


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("zip-gbk-names.zip", ["港口规则.md"]),
        ("zip-mac.zip", ["docs/a.md", "docs/b.md", "docs/picture.png"]),
        ("zip-nested.zip", ["outer.md", "more/inner.zip"]),
        (
            "zip-same.zip",
            [
                *("north/readme.md", "south/readme.md", "west/readme.md", "win/sub/east.md"),
                *("evil.md", "abs/root.md"),
            ],
        ),
    ],
)
def test_files_of_an_archive_keep_their_folders(
    tmp_path: Path, name: str, names: list[str]
) -> None:
    assert names_in((AWKWARD / name).read_bytes(), tmp_path) == names


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp437", ["Größe.md", "Übersicht/Café.md"]),
        ("cp850", ["Größe.md"]),
        ("cp866", ["Правила/порта.md"]),
        ("cp932", ["表示/港湾のきそく.md", "ソフト.md"]),
        ("big5", ["港口規則.md", "功能.md"]),
        ("euc_kr", ["항구 규칙.md"]),
        ("gbk", ["港口/规则.md", "readme.md"]),
        ("utf-8", ["Größe.md", "港口规则.md"]),
    ],
)
def test_names_are_right_in_the_encodings_of_all_systems(
    tmp_path: Path, encoding: str, names: list[str]
) -> None:
    raw = [name.encode(encoding) for name in names]
    placeholders = [str(number) * len(name) for number, name in enumerate(raw)]
    data = zipped(dict(zip(placeholders, raw, strict=True)))
    assert names_in(data, tmp_path) == names


@pytest.mark.parametrize(("checksum", "name"), [(b"Gr\x94\xe1e", "漢字.md"), (b"x", "Größe")])
def test_a_name_repeated_in_unicode_counts_if_it_is_of_this_name(
    tmp_path: Path, checksum: bytes, name: str
) -> None:
    field = b"\x01" + struct.pack("<L", zlib.crc32(checksum)) + "漢字.md".encode()
    extra = struct.pack("<HH", 0x7075, len(field)) + field
    assert names_in(zipped({"00000": b"Gr\x94\xe1e"}, extra), tmp_path) == [name]


@pytest.mark.parametrize(
    ("name", "is_document"),
    [
        ("guide/readme.md", True),
        ("guide/.hidden.md", False),
        ("~notes.md", True),
        ("my desktop.ini.md", True),
        ("__MACOSX/a.md", False),
        ("a/__macosx/b.md", False),
        ("._a.md", False),
        ("a/~$plan.docx", False),
        ("a/.~lock.plan.odt#", False),
        ("Desktop.ini", False),
        ("a/THUMBS.DB", False),
        (".git/config", False),
        ("x/.svn/entries", False),
        ("web/node_modules/p/readme.md", False),
        (".gitignore", False),
        (".env", False),
        (".github/workflows/test.md", False),
        ("../../notes.md", True),
        ("./notes.md", True),
        ("my.notes/a.md", True),
        ("git/config.md", True),
    ],
)
def test_what_systems_leave_behind_is_no_document(name: str, is_document: bool) -> None:
    assert archive_names.is_document(name) == is_document


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("a/b.md", "a/b.md"),
        ("C:\\guide\\b.md", "guide/b.md"),
        ("../.././/a/ b .md", "a/b .md"),
        ("/etc/passwd", "etc/passwd"),
        ("a\0\n/b\u202e.md", "a/b.md"),
        ("cafe\u0301/b.md", "caf\u00e9/b.md"),
        ("../..", "unnamed"),
        ("d" * 300 + "/readme.md", "…" + "d" * 244 + "/readme.md"),
    ],
)
def test_paths_are_cleaned(name: str, cleaned: str) -> None:
    assert documents.clean_path(name) == cleaned
