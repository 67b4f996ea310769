"""Text in any encoding is read as it was written, and is told of where it is damaged."""

import random
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.reading import decoding, readers
from generation.reading.readings import CannotRead, Reading
from tests import files

AWKWARD = Path(__file__).parent / "awkward"


def read_awkward(name: str) -> Reading:
    return readers.read_file(AWKWARD / name, name)


CHINESE = (
    "渡轮每天早上七点从东码头出发，冬天改为八点。乘客必须提前二十分钟到达候船室，迟到的乘客只能等下一班船。\n"
    "狗可以免费乘坐渡轮，但是必须拴好绳子。如果风力超过八级，所有渡轮都会停航，广播会通知乘客。\n"
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gbk.txt", CHINESE),
        ("gb18030-long.txt", CHINESE * 20),
        (
            "big5.txt",
            "渡輪每天早上七點從東碼頭出發，冬天改為八點。乘客必須提前二十分鐘到達候船室，遲到的乘客只能等下一班船。\n",
        ),
        (
            "sjis.txt",
            (
                "フェリーは毎朝七時に東埠頭を出発します。冬は八時です。お客様は二十分前に待合室へお越しください。"
                "遅れた方は次の便をお待ちください。\n"
            ),
        ),
        (
            "euckr.txt",
            (
                "여객선은 매일 아침 일곱 시에 동쪽 부두에서 출발합니다. 겨울에는 여덟 시에 "
                "출발하며 승객은 이십 분 전에 도착해야 합니다.\n"
            ),
        ),
        (
            "cp1251.txt",
            (
                "Паром отходит от восточной пристани каждое утро в семь часов, а зимой в восемь. "
                "Пассажиры должны прийти за двадцать минут до отправления.\n"
            ),
        ),
        (
            "cp1252-one.txt",
            (
                "The café at the east quay opens at seven every morning and closes when the last "
                "ferry has left the harbour at night.\n"
            ),
        ),
        (
            "latin2.txt",
            (
                "Prom odpływa z przystani wschodniej codziennie o siódmej rano, a zimą o ósmej. "
                "Pasażerowie muszą przyjść dwadzieścia minut wcześniej, żeby zdążyć na odprawę.\n"
            ),
        ),
        (
            "nul-one.txt",
            (
                "The pilot boards the ship two miles off the mole and leaves it at the berth. "
                "The fee is paid by the agent of the ship within ten days.\n"
            ),
        ),
    ],
)
def test_the_text_is_as_it_was_written(name: str, text: str) -> None:
    reading = read_awkward(name)
    assert (reading.text, reading.media_type, reading.note) == (text, "text/plain", "")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("gb18030", "港口规则"),
        ("gb18030", "狗可以免费乘坐。"),
        ("gb18030", "The gate 港口规则 closes at dusk."),
        ("gb18030", "字节𠮷，四个字节。"),
        ("big5", "港口規則"),
        ("big5", "狗可以免費乘坐。"),
        ("cp932", "フェリーは毎朝七時に出発します。"),
        ("cp932", "質問,答え\nいつ?,七時。\n"),
        ("euc_jp", "フェリーは毎朝七時に出発します。"),
        ("iso2022_jp", "フェリーは毎朝七時に出発します。"),
        ("euc_kr", "항구 규칙"),
        ("cp1251", "Правила порта"),
        ("koi8_r", "Правила порта"),
        ("cp866", "Паром отходит утром в семь часов."),
        ("cp1252", "Größe"),
        ("cp1252", "• One tug\n• Two tugs\n• Three tugs – §§ 2–4\n"),
        ("cp1252", "The fee is 5 £, or 6 ½ at night (±10 %), ©® 2024."),
        ("cp1251", "ПРАВИЛА ПОРТА"),
        ("cp1252", "Ça coûte 5 € – “déjà vu”"),
        ("mac_roman", "Die Schleuse öffnet früh, und sie schließt spät."),
        ("iso8859_2", "Prom odpływa z przystani wschodniej o siódmej."),
        ("iso8859_2", "Příliš žluťoučký kůň"),
        ("cp1250", "Żółta łódź"),
        ("cp1253", "Το πλοίο φεύγει στις επτά το πρωί."),
        ("cp1254", "Gemi sabah yedide kalkıyor, ışıklar söndü, güneş doğdu."),
        ("cp1255", "הספינה יוצאת בשבע בבוקר."),
        ("cp1256", "تغادر العبارة في السابعة صباحا."),
        ("cp874", "เรือออกเวลาเจ็ดโมงเช้า"),
        ("cp1257", "Laivas išplaukia septintą ryto, žvejai ąžuolas."),
        ("utf-16", "Größe"),
        ("utf-32", "Größe"),
        ("utf-16-le", "The gate is shut."),
        ("utf-16-be", "The gate is shut."),
    ],
)
def test_a_few_words_tell_their_encoding(encoding: str, text: str) -> None:
    assert decoding.decode(text.encode(encoding)) == text


def test_the_type_of_a_long_text_is_told_by_its_whole_characters(read: Any) -> None:
    for size in range(4090, 4100):
        data = b"x" * (size % 7) + (CHINESE * 40).encode("gb18030")
        assert read(data).text.endswith("广播会通知乘客。\n")


@pytest.mark.parametrize(
    ("data", "text", "note"),
    [
        (
            "Größe café\nGate\n".encode() + "Größe\nÜber Nacht\n".encode("cp1252"),
            "Größe café\nGate\nGröße\nÜber Nacht\n",
            "Lines 3, 4 are not in UTF-8 like the rest, and were read as cp1252. Check them.",
        ),
        (
            "渡轮\n每天早上七点\n".encode() + "每天早上\n".encode("gbk"),
            "渡轮\n每天早上七点\n每天早上\n",
            "Line 3 is not in UTF-8 like the rest, and was read as gb18030. Check it.",
        ),
        (
            "The café of the harbour is open at night, été et noël.\n".encode().replace(
                b"\xab", b""
            ),
            "The café of the harbour is open at night, été et no�l.\n",
            "Line 1 has damaged characters, shown as “�”.",
        ),
    ],
)
def test_what_is_in_two_encodings_or_damaged_is_told_of(
    read: Any, data: bytes, text: str, note: str
) -> None:
    reading = read(data)
    assert (reading.text, reading.note) == (text, note)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "html-gb2312.html",
            "渡轮每天早上七点从东码头出发，冬天改为八点，乘客必须提前二十分钟到达候船室。",
        ),
        ("html-latin1.html", "Der Kai öffnet um sieben Uhr früh und schließt um neun Uhr abends."),
    ],
)
def test_a_page_is_decoded_as_it_declares(name: str, sentence: str) -> None:
    assert sentence[:20] in read_awkward(name).text


@pytest.mark.parametrize(
    ("start", "encoding", "text"),
    [
        ('<html><head><meta charset="iso-8859-2">', "iso8859_2", "Łódź"),
        ("<?xml version='1.0' encoding='windows-1251'?><html>", "cp1251", "щит"),
        (
            '<!doctype html><META http-equiv=x content="text/html; charset=Shift_JIS">',
            "cp932",
            "表",
        ),
        ("<!-- saved --><html><meta charset=latin1>", "cp1252", "“ö”"),
        ("<html><meta charset=utf-16>", "utf-8", "ö"),
        ("<html><meta charset=hex>", "cp1252", "öfter"),
        ("<html><meta charset=no-such>", "cp1252", "öfter"),
        ("<html><meta charset=iso-8859-1>", "utf-8", "ö"),
    ],
)
def test_the_declaration_counts_unless_it_is_wrong(start: str, encoding: str, text: str) -> None:
    assert decoding.decode(f"{start}<p>{text}</p>".encode(encoding)) == f"{start}<p>{text}</p>"


def test_a_text_in_no_known_encoding_is_refused(read: Any) -> None:
    noise = bytes(random.Random(1).choices(range(0x80, 0x100), k=300))
    with pytest.raises(CannotRead, match="The encoding of this text is not known"):
        read(noise)
    for text in ("ЛОЦМАН И БУКСИР " * 9, "ÜBER ÄRGER, ÖL UND MÜHE " * 9, "• One tug\n" * 30):
        encoding = "cp1251" if "Л" in text else "cp1252"
        assert read(text.encode(encoding)).text == text


def test_what_is_no_text_is_refused(read: Any) -> None:
    for data in (files.binary(), bytes(range(256)) * 9, b"GATE" + bytes(range(14, 27)) * 40):
        with pytest.raises(CannotRead, match="This is not a text file"):
            read(data)


@settings(derandomize=True, max_examples=300)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80))
def test_utf_8_is_always_read_as_it_is(text: str) -> None:
    assert decoding.decode_with_note(text.encode()) == (text.removeprefix("\ufeff"), "")


@settings(derandomize=True, max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_text_that_can_be_stored_or_a_refusal(data: bytes) -> None:
    try:
        text = decoding.clean(decoding.decode(data))
    except CannotRead:
        return
    assert "\0" not in text
    assert text.encode().decode() == text
    assert decoding.clean(text) == text


# Cleaning


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("cafe\u0301", "caf\u00e9"),
        (unicodedata.normalize("NFD", "Größe 각"), "Größe 각"),
        ("pi\u200blot \u2060x\ufeff", "pilot x"),
        ("ag\u00adent of\u00ad\nten", "agent often"),
        ("a\r\nb\rc\u2028d\u2029e", "a\nb\nc\nd\n\ne"),
        ("می\u200cخواهم 👩\u200d🔧", "می\u200cخواهم 👩\u200d🔧"),
        ("half \ud83d", "half �"),
    ],
)
def test_text_is_composed_and_without_what_is_unseen(text: str, cleaned: str) -> None:
    assert decoding.clean(text) == cleaned


def test_invisible_signs_do_not_divide_words() -> None:
    assert read_awkward("zero-width.md").text == (
        "# Pilot rules\n\nThe pilot boards the ship two miles off the mole, and the agent pays the "
        "fee within ten days of the call.\n"
    )


def test_line_ends_of_all_systems_are_line_ends() -> None:
    text = read_awkward("crlf-mixed.md").text
    assert "\r" not in text
    assert [line for line in text.splitlines() if line.startswith("#")] == ["# Tugs", "## Fees"]
    assert text.count("\n\n") == 4


def test_a_text_may_be_one_long_line(read: Any) -> None:
    line = "The gate closes at dusk. " * 80_000
    assert read(line).text == line
