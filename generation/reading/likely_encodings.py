"""Tell in which encoding a text of unknown origin was written.

Bytes are decoded in every encoding that people still use, and the likeliest text wins. How likely a
text is follows from its characters, such as “的” in Chinese, and from their neighbours, such as an
accented letter among plain ones. A few words are enough, as in the names of files in an archive.
"""

import functools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SAMPLE = 6_000  # bytes that an encoding is told from; chosen; nobody measured
_RARE = 1e-7  # likelihood of any other character; chosen; nobody measured, like all shares below
# Of bytes that are not ASCII: how many tell that a text is in no known encoding, and how likely
# each is in one. Capital letters of Russian have 2e-3; bytes at random were seen to have 3e-5.
FEWEST, LEAST_LIKELY = 20, 3e-4
_PLAIN_SHARE = 0.03  # likelihood of a character of ASCII
_STRANGE = 0.01  # factor for a character that hardly stands beside its neighbour
_MOSTLY_PLAIN = 1e-3  # factor for a text in another alphabet with hardly a letter of it
_SLOPE = 2  # the smaller, the more often the first letters of an alphabet are met
_AMONG_CAPITALS = 10  # factor for a capital letter behind another
_UNUSUAL = 0.1  # factor for one that seldom does

_CHINESE = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行"
    "所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行"
    "所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心本前開但因只從想實日"
)
_KOREAN = (
    "이다는에의을가고하지로은한도기사리서어대나자일시부인정아그해수장라주전구상스원보들것있를과와으했며제니여중"
    "게국마성모동조만면때년발말요습합안음"
)
_EAST_ASIAN_MARKS = "，。、：；？！「」『』（）《》“”‘’—…・ー　～"
_EAST_ASIA = "\u2e80"  # the first character of East Asian scripts, which have no blanks
_WESTERN = "äöüßéèàçñóíáêôîâûëïùúãõåøæœìòÿ"
_CENTRAL = "ąćęłńóśźżáčďéěíňřšťúůýžöőüűăâîşţđäô"
_TURKISH = "ışğçöüâî"
_BALTIC = "ąčęėįšųūžāēģīķļņäöüõ"
_RUSSIAN = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґў"
_GREEK = "αοιετσνηυρπκμλςωδγχθφβξζψάέήίόύώϊϋ"
_HEBREW = "יוהלאתרבמשנדעקחפסגטזכםןצךףץ"
_ARABIC = "اليمونرتبةعدسفهكقحجشصطخضذثزغظءأإآىئؤ،؟"
_THAI = "".join(map(chr, range(0x0E01, 0x0E5C)))
_QUOTES = "“”„‘’–—…•€«»°¿¡ "
_SIGNS = "‚†‡¶¤¬¦§·©®™±²³µ½×÷¼¾´¨£¥¢"


@dataclass(frozen=True)
class _Writing:
    """How likely the characters of a way of writing are.

    ``is_latin`` says that its letters stand among plain letters, and seldom beside each other.
    """

    shares: dict[str, float]
    is_latin: bool = False

    def likelihood(self, text: str) -> float:
        """Return the logarithm of how likely the characters of a text are."""
        plain = len(_PLAIN.findall(text))
        logarithm = plain * math.log(_PLAIN_SHARE)
        if not self.is_latin and (len(text) - plain) * 3 < plain:
            logarithm += math.log(_MOSTLY_PLAIN)
        for match in _UNUSUAL_CHARACTER.finditer(text):
            before = text[match.start() - 1 : match.start()] or " "
            after = text[match.end() : match.end() + 1] or " "
            logarithm += math.log(
                self.shares.get(match[0], _RARE) * self._fit(before, match[0], after)
            )
        return logarithm

    def _fit(self, before: str, character: str, after: str) -> float:
        """Return how well a character fits to its neighbours, from 0 to 1."""
        if not character.isalpha():
            is_inside = all(beside.isalpha() and beside < _EAST_ASIA for beside in (before, after))
            return _STRANGE if is_inside and character not in "’·" else 1
        factor = 1.0
        if character.isupper():
            factor = _STRANGE if before.islower() else _AMONG_CAPITALS if before.isupper() else 1
        is_alone = before.isascii() and after.isascii()
        has_case = character.lower() != character.upper()
        if is_alone and not has_case and character < _EAST_ASIA:
            return _STRANGE  # unlike Russian and Greek, these scripts have no words of one letter
        if not self.is_latin:
            return factor * (_STRANGE if _is_plain(before) or _is_plain(after) else 1)
        if before.isalpha() and not before.isascii():
            return factor * _UNUSUAL
        return factor if _is_plain(before) or _is_plain(after) else factor * _UNUSUAL


_PLAIN = re.compile(r"[\x00-\x7f]")
_UNUSUAL_CHARACTER = re.compile(r"[^\x00-\x7f]")


def _is_plain(character: str) -> bool:
    return character.isascii() and character.isalpha()


def likeliest(data: bytes, *, is_name: bool = False) -> str:
    """Return the likeliest encoding of bytes that are not UTF-8; "" if they are likely in none.

    ``is_name`` says that they are names of files, which may be in an encoding of DOS.
    """
    sample = _sample(data)
    candidates = [*_ENCODINGS, *(_ENCODINGS_OF_DOS if is_name else ())]
    likelihood, encoding = max(
        (_writings()[writing].likelihood(text) + math.log(prior), encoding)
        for encoding, writing, prior in candidates
        if (text := _decoded(sample, encoding)) is not None
    )
    plain = len(re.findall(rb"[\x00-\x7f]", sample))
    unusual = len(sample) - plain
    is_likely = likelihood - plain * math.log(_PLAIN_SHARE) > unusual * math.log(LEAST_LIKELY)
    return encoding if is_likely or unusual < FEWEST else ""


def is_likelier_utf_8(data: bytes, encoding: str) -> bool:
    """Return whether bytes that are valid in UTF-8 are likelier meant so than in ``encoding``."""
    as_utf_8, as_other = (
        _sample(data).decode(name, errors="replace") for name in ("utf-8", encoding)
    )
    return _likelihood(as_utf_8) >= _likelihood(as_other)


def _likelihood(text: str) -> float:
    """Return the logarithm of how likely a text is in the way of writing that fits best."""
    return max(writing.likelihood(text) for writing in _writings().values())


def _sample(data: bytes) -> bytes:
    """Return a part of the data that has its first unusual bytes, cut at plain bytes."""
    first = re.search(rb"[^\x00-\x7f]", data)
    start = data.rfind(b"\n", 0, first.start() if first else 0) + 1
    sample = data[start : start + SAMPLE]
    if len(sample) < SAMPLE:
        return sample
    return sample[: max(sample.rfind(b"\n"), sample.rfind(b" "))] or sample


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


# Encoding, way of writing, and how often it is met in files that are not UTF-8.
_ENCODINGS = (
    ("cp1252", "western", 1.0),
    ("gb18030", "chinese", 0.3),
    ("cp1251", "russian", 0.3),
    ("cp950", "traditional", 0.1),
    ("cp932", "japanese", 0.2),
    ("cp949", "korean", 0.1),
    ("cp1250", "central", 0.1),
    ("iso8859_2", "central", 0.1),
    ("cp1254", "turkish", 0.05),
    ("cp1253", "greek", 0.05),
    ("cp1255", "hebrew", 0.05),
    ("cp1256", "arabic", 0.05),
    ("cp1257", "baltic", 0.02),
    ("cp874", "thai", 0.05),
    ("euc_jp", "japanese", 0.02),
    ("koi8_r", "russian", 0.02),
    ("mac_roman", "western", 0.02),
    ("cp866", "russian", 0.01),
)
_ENCODINGS_OF_DOS = (
    ("cp437", "western", 1.0),
    ("cp850", "western", 0.5),
    ("cp852", "central", 0.1),
    ("cp866", "russian", 0.3),
)


@functools.cache
def _writings() -> dict[str, _Writing]:
    return {
        "chinese": _east_asian((_CHINESE, 0.4), (_rows("gb2312", 0xB0, 0xD7), 0.5)),
        "traditional": _east_asian((_TRADITIONAL, 0.4), (_rows("big5", 0xA4, 0xC6, 0x40), 0.5)),
        "korean": _east_asian((_KOREAN, 0.5), (_rows("euc_kr", 0xB0, 0xC8), 0.4)),
        "japanese": _east_asian(
            (map(chr, range(0x3041, 0x3094)), 0.55),
            (map(chr, range(0x30A1, 0x30F7)), 0.15),
            (_rows("euc_jp", 0xB0, 0xCF), 0.22),
            (map(chr, range(0xFF66, 0xFFA0)), 0.001),
        ),
        "western": _alphabet(_WESTERN, is_latin=True),
        "central": _alphabet(_CENTRAL, is_latin=True),
        "turkish": _alphabet(_TURKISH, is_latin=True),
        "baltic": _alphabet(_BALTIC, is_latin=True),
        "russian": _alphabet(_RUSSIAN),
        "greek": _alphabet(_GREEK),
        "hebrew": _alphabet(_HEBREW),
        "arabic": _alphabet(_ARABIC),
        "thai": _alphabet(_THAI),
    }


def _rows(encoding: str, first: int, last: int, trail: int = 0xA1) -> list[str]:
    """Return the characters of rows of an encoding: the first rows have the frequent ones."""
    pairs = (bytes([row, cell]) for row in range(first, last + 1) for cell in range(trail, 0xFF))
    return [character for pair in pairs if (character := _decoded(pair, encoding))]


def _east_asian(*groups: tuple[Iterable[str], float]) -> _Writing:
    return _Writing(_shares([*groups, (_EAST_ASIAN_MARKS, 0.08)]))


def _alphabet(letters: str, *, is_latin: bool = False) -> _Writing:
    """Return a way of writing whose letters are given in the order of how often they are met."""
    capitals = [letter.upper() for letter in letters if len(letter.upper()) == 1]
    shares = _shares([(_SIGNS, 0.01), (_QUOTES, 0.25)])
    return _Writing(shares | _falling(capitals, 0.07) | _falling(letters, 0.67), is_latin)


def _falling(letters: Sequence[str], share: float) -> dict[str, float]:
    """Return the share of each letter, which falls with its place among them."""
    weights = {letter: 1 / (place + _SLOPE) for place, letter in enumerate(letters)}
    return {letter: share * weight / sum(weights.values()) for letter, weight in weights.items()}


def _shares(groups: Sequence[tuple[Iterable[str], float]]) -> dict[str, float]:
    """Return the share of each character; each group of characters shares a share evenly."""
    shares: dict[str, float] = {}
    for characters, share in groups:
        listed = list(characters)
        for character in listed:
            shares[character] = max(share / len(listed), shares.get(character, 0))
    return shares
