"""Searching items by words, whatever is typed."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generation import search
from generation.models import Item, ItemState, Question
from generation.review import settling
from tests import make
from tests.conftest import Team


def found(team: Team, text: str) -> list[str]:
    items = team.project.items.filter(search.with_words(text)).order_by("pk")
    return list(items.values_list("answer", flat=True))


@pytest.fixture
def gate(team: Team) -> Item:
    item = make.item(team.project, answer="The side-lock's gates close at 3.5 m, says O'Brien.")
    make.item(team.project, answer="Ein Schleusentor schließt bei Ebbe.")
    return item


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("gates", 1),
        ("GATES close", 1),
        ("close gates", 1),
        ("gates ebbe", 0),
        ("clos", 1),  # the beginning of the last word
        ("clo", 0),  # but not so short a one
        ("clos gates", 0),  # and of no other
        ('"gates close"', 1),
        ('"close gates"', 0),
        ('"gates close', 1),  # a quote that is not closed yet
        ("schließt schleusen", 1),
        ("side-lo", 1),
        ("side-lock gates", 1),
        ("O'Br", 1),
        ("3.5", 1),
        ("question", 2),  # of the question
        ("tells tide", 2),  # of the context
        ("or", 0),  # a word as any other
        ("gates or ebbe", 0),
        ("-gates", 1),  # a sign as any other
        ("flag", 0),  # no label is a word
        ("model", 0),
    ],
)
def test_words_phrases_and_beginnings(team: Team, gate: Item, text: str, count: int) -> None:
    assert len(found(team, text)) == count


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        (
            "東京都庁は新宿にあります。",
            ["東京", "東京都", "都庁は新宿", "京", "東", "宿に", "ます", "庁 新宿"],
        ),
        ("渡轮每天早上七点从东码头出发。", ["码头", "东码头", "早上 码头", '"七点"', "轮"]),
        ("フェリーはＡ１埠頭から出ます。", ["フェリー", "A1", "埠頭 a1", "ﾌｪﾘｰ"]),
        ("เรือข้ามฟากออกจากท่าเรือ", ["เรือ", "ท่าเรือ", "ข้าม"]),
        ("배가 도쿄에서 출발합니다.", ["도쿄", "출발", "도쿄 배가"]),
        ("تغادر العبّارة الرصيف الشرقي", ["الرصيف", "تغادر الشرقي", "الرصي"]),
        ("هطل المطر وبالليل اشتدّ", ["مطر", "المطر", "والمطر", "ليل", "الليل", "اشتد"]),
        ("هطل مطر غزير", ["المطر", "مطر", '"المطر غزير"']),
        ("Die Größe der Schleuse", ["GRÖSSE", "grösse", "Größe", "größe schleu", "Grös"]),
        ("Die STRASSE am Hafen", ["Straße", "straße hafen"]),
        ("Le port \u00e0 la mer, \u00e9", ["\u00e9", "\u00c9", "e\u0301", "\u00e0"]),
        ("הספינה עוגנת ברציף המזרחי", ["ברציף", "עוגנת המזרחי"]),
        ("Το πλοίο φεύγει στις οκτώ.", ["πλοίο", "φεύγει", "ΠΛΟΊΟ"]),
        ("नाव सुबह निकलती है।", ["सुबह", "निकलती"]),
        ("Паром уходит в восемь.", ["паром", "уходит"]),
        ("Le caf\u00e9 du port", ["caf\u00e9", "cafe\u0301"]),
        ("Le cafe\u0301 du port", ["caf\u00e9", "cafe\u0301"]),
        ("The pi\u00adlot bo\u200bards", ["pilot", "boards"]),
    ],
)
def test_texts_in_any_script_are_found(team: Team, answer: str, texts: list[str]) -> None:
    make.item(team.project, answer=answer)
    make.item(team.project, answer="Otherwise nobody waits.")
    assert {text: found(team, text) for text in texts} == {text: [answer] for text in texts}


@pytest.mark.parametrize("text", ["京東", "大阪", "東京 大阪", "都東", "A2 東京", "ภูเขา", "서울"])
def test_letters_are_found_only_side_by_side(team: Team, text: str) -> None:
    make.item(team.project, answer="東京都庁は新宿にあります。A1 เรือข้ามฟาก 도쿄")
    assert found(team, text) == []


def test_long_texts_without_spaces_are_stored(team: Team) -> None:
    letters = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(120_000))
    make.item(team.project, answer=letters)
    assert found(team, letters[50_000:50_010]) == [letters]


HOSTILE = ["'", "''):*", "a\\", "\\'", "a & | ! <->", "a:*:*", "(((a", "a':*'", '"', '"a" "', "a%"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_queries_are_text(team: Team, gate: Item, text: str) -> None:
    if search.has_words(text):
        found(team, text)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_any_query_is_text(team: Team, text: str) -> None:
    if search.has_words(text):
        found(team, text)


def test_edited_texts_are_found_once_they_are_seen(team: Team) -> None:
    team.project.reviews_per_item = 2
    team.project.save()
    item = make.item(team.project)
    make.accept(item, team.engineer, answer="The sluice opens.")
    search.index_items([item.pk])
    assert found(team, "sluice") == []
    make.accept(item, team.reviewer, answer="The sluice opens.")
    search.index_items([item.pk])
    assert found(team, "sluice") == [item.answer]


def test_long_texts_are_stored(team: Team) -> None:
    long = " ".join(f"word{number}" for number in range(60_000))
    item = make.item(team.project, answer=long)
    assert found(team, "word77")
    assert not found(team, "word59999")  # behind what is searched
    assert item.pk


def test_flags_models_and_variants_are_labels(team: Team) -> None:
    item = make.item(team.project, flags=["empty-answer"], model="org/Big-model:8b")
    Question.objects.filter(item=item).update(flags=["odd's"])
    search.index_items([item.pk])
    make.item(team.project)
    for kind, value in (
        ("FLAG", "empty-answer"),
        ("FLAG", "odd's"),
        ("MODEL", "org/Big-model:8b"),
    ):
        assert team.project.items.filter(search.with_label(kind, value)).get() == item
    variants = [item.variant_id, item.question.variant_id]
    counts = [
        team.project.items.filter(search.with_label("VARIANT", pk)).count() for pk in variants
    ]
    assert counts == [2, 2]


def test_an_edited_text_is_found_as_long_as_it_may_be_seen(team: Team) -> None:
    item = make.item(team.project)
    make.accept(item, team.reviewer, answer="Zebras graze.")
    assert len(found(team, "zebras")) == 1
    team.project.reviews_per_item = 2
    team.project.save()
    settling.settle_project(team.project)
    assert found(team, "zebras") == []
    Item.objects.filter(pk=item.pk).update(state=ItemState.ASIDE)
    search.index_items([item.pk])
    assert found(team, "zebras") == []
    team.project.reviews_per_item = 1
    team.project.save()
    settling.settle_project(team.project)
    assert len(found(team, "zebras")) == 1
