"""Downloads: the shapes of the formats, and files that never change."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.json
import pytest
import yaml
from django.contrib.auth.models import User
from django.test import Client

from generation.models import Item, Passage, Release, Split
from generation.releases import exports, freezing
from tests import make
from tests.conftest import Team

KEYS = {
    "triples": [
        *("id", "question", "context", "answer", "document"),
        *("headings", "pages", "reviewers", "edited", "origin", "written_by"),
    ],
    "input_output": ["input", "output"],
}
Browse = Callable[[User], Client]
Download = Callable[[str], bytes]


@pytest.fixture
def download(team: Team, browse: Browse) -> Download:
    """Download release 1, which has rows of three documents, in a format."""
    for number in range(3):
        at = make.document(team.project, text="", name=f"Größe {number} 🌊.md")
        for item in make.items(team.project, 2, at=at):
            make.accept(item, team.reviewer, answer=f"Ebbe “{number}”\nund Flut")
    Passage.objects.filter(position=0).update(first_page=2, last_page=3)
    freezing.order_release(team.project, team.admin, "For the trainer")
    freezing.work_off_releases()

    def get(name: str) -> bytes:
        response = browse(team.engineer).get(f"{team.url}/releases/1/{name}.zip")
        assert response.status_code == 200
        assert f'filename="harbour-1-{name}.zip"' in response["Content-Disposition"]
        return b"".join(response.streaming_content)

    return get


def open_zip(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(files: dict[str, bytes]) -> list[dict[str, Any]]:
    lines = b"".join(files[name] for name in files if name.endswith(".jsonl")).splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("name", exports.FORMATS)
def test_rows_have_the_shape_of_the_format(download: Download, name: str) -> None:
    files = open_zip(download(name))
    assert list(files) == [
        *("train.jsonl", "validation.jsonl", "test.jsonl"),
        *("README.md", "manifest.json"),
    ]
    rows = rows_of(files)
    assert [list(row) for row in rows] == [KEYS[name]] * 6
    for split in ("train.jsonl", "validation.jsonl", "test.jsonl"):
        assert not files[split].startswith(b"\xef\xbb\xbf")
        assert files[split].endswith(b"}\n")
        assert b"\r" not in files[split]
        assert "Ebbe “".encode() in files[split]


def test_triples_are_complete(download: Download) -> None:
    rows = rows_of(open_zip(download("triples")))
    items = {str(item.pk): item for item in Item.objects.select_related("passage__document")}
    assert {row["id"] for row in rows} == set(items)
    for row in rows:
        passage = items[row["id"]].passage
        assert row["context"] == passage.text
        assert row["document"] == passage.document.name
        assert row["headings"] == ["Tides"]
        assert row["pages"] == ([2, 3] if passage.position == 0 else [])
        assert (row["reviewers"], row["edited"]) == (["rob"], True)


def test_input_output_holds_question_and_context(download: Download) -> None:
    triples = rows_of(open_zip(download("triples")))
    pairs = rows_of(open_zip(download("input_output")))
    for triple, pair in zip(triples, pairs, strict=True):
        assert pair["output"] == triple["answer"]
        assert triple["question"] in pair["input"]
        assert triple["context"] in pair["input"]


@pytest.mark.parametrize("name", exports.FORMATS)
def test_the_manifest_tells_counts_and_hashes(download: Download, team: Team, name: str) -> None:
    files = open_zip(download(name))
    manifest = json.loads(files["manifest.json"])
    assert manifest["format"] == name
    assert manifest["rows"] == sum(file["rows"] for file in manifest["files"].values()) == 6
    for split, facts in manifest["files"].items():
        assert facts["sha256"] == hashlib.sha256(files[split]).hexdigest()
        assert facts["bytes"] == len(files[split])
        assert facts["rows"] == files[split].count(b"\n") == 2
    assert [variant["prompt"] for variant in manifest["variants"]] == ["summarise", "ask"]
    release = team.project.releases.get()
    assert manifest["sha256_of_triples"] == release.sha256
    if name == "triples":
        lines = files["train.jsonl"] + files["validation.jsonl"] + files["test.jsonl"]
        assert release.sha256 == hashlib.sha256(lines).hexdigest()


def test_too_few_rows_for_the_trainer_are_told_of(download: Download) -> None:
    sentence = "The trainer needs at least 50 rows. This export has 6."
    files = open_zip(download("input_output"))
    assert json.loads(files["manifest.json"])["warnings"] == [sentence]
    assert sentence in files["README.md"].decode()
    assert json.loads(open_zip(download("triples"))["manifest.json"])["warnings"] == []


@pytest.mark.parametrize("name", exports.FORMATS)
def test_a_download_made_later_has_the_same_bytes(
    download: Download, team: Team, name: str
) -> None:
    first = download(name)
    for item in Item.objects.for_item_page():
        make.accept(item, item.decision.reviewer, answer="Changed since.")
    Passage.objects.update(headings=["Renamed"])
    assert download(name) == first


def test_the_card_tells_where_it_comes_from(download: Download) -> None:
    card = open_zip(download("triples"))["README.md"].decode()
    assert card.startswith('---\npretty_name: "Harbour, release 1"\n')
    assert "  - split: train\n    path: train.jsonl\n" in card
    assert "For the trainer" in card
    assert "| Größe 0 🌊.md | 2 | " in card
    assert "prompt `summarise`, variant 1, model `scripted`" in card
    assert "6 were accepted, 6 of them after an edit. Reviewers: rob." in card


def test_a_split_without_rows_has_no_file(team: Team, browse: Browse) -> None:
    make.accept(make.item(team.project), team.reviewer)
    freezing.order_release(team.project)
    freezing.work_off_releases()
    response = browse(team.engineer).get(f"{team.url}/releases/1/triples.zip")
    files = open_zip(b"".join(response.streaming_content))
    assert sorted(files) == ["README.md", "manifest.json", "train.jsonl"]
    assert json.loads(files["manifest.json"])["splits"] == {"train": 1, "validation": 0, "test": 0}


def test_what_is_not_there_is_not_found(team: Team, browse: Browse) -> None:
    make.accept(make.item(team.project), team.reviewer)
    freezing.order_release(team.project)
    client = browse(team.engineer)
    assert client.get(f"{team.url}/releases/1/triples.zip").status_code == 404  # still queued
    freezing.work_off_releases()
    assert client.get(f"{team.url}/releases/1/excel.zip").status_code == 404
    assert client.get(f"{team.url}/releases/2/triples.zip").status_code == 404


def exported(team: Team, browse: Browse, name: str = "triples") -> dict[str, bytes]:
    """Freeze what is accepted, and download it."""
    freezing.order_release(team.project)
    freezing.work_off_releases()
    response = browse(team.engineer).get(f"{team.url}/releases/1/{name}.zip")
    return open_zip(b"".join(response.streaming_content))


def metadata_of(files: dict[str, bytes]) -> dict[str, Any]:
    _, metadata, _ = files["README.md"].decode().split("---\n", 2)
    loaded: dict[str, Any] = yaml.safe_load(metadata)
    return loaded


def schema_of(metadata: dict[str, Any]) -> pa.Schema:
    """Return the types of the columns that the card declares, as Hugging Face's tools read it."""
    types = {"string": pa.string(), "int64": pa.int64(), "bool": pa.bool_()}
    return pa.schema(
        (each["name"], pa.list_(types[each["sequence"]]))
        if "sequence" in each
        else (each["name"], types[each["dtype"]])
        for each in metadata["dataset_info"]["features"]
    )


@pytest.mark.parametrize("name", exports.FORMATS)
def test_all_splits_load_with_the_types_of_the_card(team: Team, browse: Browse, name: str) -> None:
    for headings, pages in (([], None), (["Tides"], 2), (["Tides", "Lock"], 3)):
        [item] = make.items(team.project, 1, at=make.document(team.project, text=""))
        Passage.objects.filter(pk=item.passage_id).update(
            headings=headings, first_page=pages, last_page=pages
        )
        make.accept(item, team.reviewer)
    files = exported(team, browse, name)
    schema = schema_of(metadata_of(files))
    assert schema.names == KEYS[name]
    tables = [pyarrow.json.read_json(io.BytesIO(files[f"{split}.jsonl"])) for split in Split]
    loaded = pa.concat_tables([table.cast(schema) for table in tables])
    assert loaded.num_rows == 3
    if name == "triples":
        assert len({str(table.schema.field("headings").type) for table in tables}) == 2
        assert sorted(loaded["pages"].to_pylist()) == [[], [2, 2], [3, 3]]


@pytest.mark.parametrize(
    "name",
    [
        "Handbook: port",
        *(f"{mark}mark" for mark in "[\"'@*&%!{->|#?,`~"),
        "- list",
        'back\\slash "quoted"',
        "Größe 🌊 👩‍🏭",
        "odd \x7f\x85\ufeff\u2028 ends",
        "no",
        "1e3",
    ],
)
def test_the_card_of_a_project_of_any_name_is_read(team: Team, browse: Browse, name: str) -> None:
    type(team.project).objects.filter(pk=team.project.pk).update(name=name)
    make.accept(make.item(team.project), team.reviewer)
    metadata = metadata_of(exported(team, browse))
    assert metadata["pretty_name"] == f"{name}, release 1"
    assert metadata["configs"][0]["data_files"] == [{"split": "train", "path": "train.jsonl"}]


def test_a_bar_in_the_name_of_a_document_ends_no_cell(team: Team, browse: Browse) -> None:
    at = make.document(team.project, name="a|b.md")
    make.accept(make.item(team.project, at=at), team.reviewer)
    assert "\n| a\\|b.md | 1 | train |\n" in exported(team, browse)["README.md"].decode()


def test_whoever_asks_gets_the_same_bytes(download: Download, team: Team, browse: Browse) -> None:
    Release.objects.update(finished_at=datetime(2026, 3, 31, 23, 30, tzinfo=UTC))
    first = download("input_output")
    assert "frozen on 31 March 2026." in open_zip(first)["README.md"].decode()
    client = browse(team.engineer)
    client.cookies.load({"language": "de", "zone": "Asia/Tokyo"})
    response = client.get(f"{team.url}/releases/1/input_output.zip")
    assert b"".join(response.streaming_content) == first


ALONE = "One person decided on each triple, so agreement between reviewers is unknown."


@pytest.mark.parametrize(
    ("people", "sentence", "counts"),
    [
        ([1, 1], ALONE, {"1": 2}),
        ([2, 2], "2 people decided on each triple.", {"2": 2}),
        (
            [2, 1, 2],
            "Of the triples, 1 were decided on by one person, 2 were decided on by 2 people. Where",
            {"1": 1, "2": 2},
        ),
    ],
)
def test_the_card_tells_how_many_people_decided(
    team: Team, browse: Browse, people: list[int], sentence: str, counts: dict[str, int]
) -> None:
    for count in people:
        item = make.item(team.project)
        team.project.reviews_per_item = count
        team.project.save()
        for reviewer in (team.reviewer, team.engineer)[:count]:
            make.accept(item, reviewer)
    files = exported(team, browse)
    assert sentence in files["README.md"].decode()
    assert (ALONE in files["README.md"].decode()) == (sentence == ALONE)
    assert json.loads(files["manifest.json"])["decided_by"] == counts
