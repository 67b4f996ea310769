"""What differs between scripts: words without spaces between them, digits, and marks that end
sentences.
"""

import itertools
import unicodedata

import regex

# Scripts that are written without spaces between words; ー belongs to no script of its own.
_IDEOGRAPHIC = r"\p{Han}\p{Hiragana}\p{Katakana}ー"
_SOUTH_EAST_ASIAN = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
IDEOGRAPHS_PER_WORD = 2  # chosen; running Chinese and Japanese text has between 1.5 and 2.5
LETTERS_PER_WORD = 4  # with vowel signs, of a script like Thai; chosen; nobody measured

# What an Arabic word may begin with: “and”, “so”, “in”, “as” or “for”, and the article.
ARABIC_ARTICLE = r"[وف]?(?:[بك]?ال|لل)"
_IDEOGRAPH = regex.compile(rf"(?V1)[\w&&[{_IDEOGRAPHIC}]]")
_SOUTH_EAST_ASIAN_SIGN = regex.compile(rf"(?V1)[\w&&[{_SOUTH_EAST_ASIAN}]]")
_SPACELESS = regex.compile(rf"(?V1)[\w&&[{_IDEOGRAPHIC}{_SOUTH_EAST_ASIAN}]]")
_SPACED_WORD = regex.compile(rf"(?V1)[\w--[{_IDEOGRAPHIC}{_SOUTH_EAST_ASIAN}]]+")
_RUN = regex.compile(  # a word, or letters between which there may be words
    rf"(?V1)(?P<spaceless>[\w&&[{_IDEOGRAPHIC}{_SOUTH_EAST_ASIAN}]]+)|{_SPACED_WORD.pattern}"
)
_LETTER = regex.compile(r"\w\p{M}*")  # with its vowel signs and accents
_PIECE = regex.compile(
    rf"(?V1)\s+|[{_IDEOGRAPHIC}{_SOUTH_EAST_ASIAN}]\p{{M}}*"
    rf"|[^\s{_IDEOGRAPHIC}{_SOUTH_EAST_ASIAN}]+|\S"
)
_FOREIGN_DIGIT = regex.compile(r"(?V1)[\d--0-9]")
_NUMBER_MARKS = str.maketrans({"٫": ".", "٬": ","})  # of Arabic
# Zero-width spaces and joiners, the soft hyphen and marks of direction, which nobody sees.
_INVISIBLE = regex.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")

QUESTION_MARKS = "?？؟⁇⁈⁉﹖︖\u037e⸮፧՞"  # U+037E is the Greek one
SENTENCE_MARKS = f".!…。！．｡﹒։۔।॥။។៕።༎።{QUESTION_MARKS}"
SPACELESS_MARKS = "。！？｡︖"  # after these a sentence may begin without a space
CLOSING_MARKS = "\"'”’»)]*_`」』）】》〉］｝﹂﹄"
_GREEK_QUESTION = regex.compile(r"\p{Greek}\s*;\Z")
_WITHOUT_MARK = regex.compile(  # languages that ask without a question mark
    r"[か吗嗎呢][。｡]?\Z"
    r"|ไหม|หรือไม่|หรือเปล่า|อะไร|ทำไม|อย่างไร|ยังไง|เมื่อไร|เมื่อใด|ที่ไหน|ที่ใด|ใคร|กี่|เท่าไร|เท่าใด"
)
_WITHOUT_FULL_STOP = regex.compile(r"[\p{Thai}\p{Lao}]\Z")  # scripts in which sentences have none


def words(text: str) -> list[str]:
    """Return the words of a text in lower case.

    Letters of a script without spaces are returned as overlapping pairs, since texts can be
    compared by these as well as by words, and no dictionary is needed to find them.
    """
    text = _without_invisible(text.lower())
    if not _SPACELESS.search(text):
        return list(_SPACED_WORD.findall(text))
    return [
        word
        for run in _RUN.finditer(text)
        for word in (_pairs(run[0]) if run["spaceless"] else [run[0]])
    ]


def runs(text: str) -> list[str]:
    """Return the words of a text, and its runs of letters in scripts without spaces."""
    return [run[0] for run in _RUN.finditer(text)]


def is_spaceless(text: str) -> bool:
    """Whether a text begins with a letter of a script without spaces between words."""
    return bool(_SPACELESS.match(text))


def _pairs(letters: str) -> list[str]:
    parts = _LETTER.findall(letters)
    return ["".join(pair) for pair in itertools.pairwise(parts)] or [letters]


def word_count(text: str) -> int:
    """Return about how many words a text has, whether its script puts spaces between them or not.

    Words without spaces are estimated from the number of their letters.
    """
    text = _without_invisible(text)
    count = len(_SPACED_WORD.findall(text))
    if not text.isascii():
        count += len(_IDEOGRAPH.findall(text)) // IDEOGRAPHS_PER_WORD
        count += len(_SOUTH_EAST_ASIAN_SIGN.findall(text)) // LETTERS_PER_WORD
    return count


def _without_invisible(text: str) -> str:
    return text if text.isascii() else _INVISIBLE.sub("", text)


def pieces(text: str) -> list[str]:
    """Return the parts of a text between which it may be compared; joined they are the text.

    They are words with their marks, the spaces between them, and letters of scripts without spaces.
    """
    return list(_PIECE.findall(text))


def asks(text: str) -> bool:
    """Whether a text ends as a question does in its script and language."""
    bare = _bare(text).rstrip("!！")
    if bare.isascii():
        return bare.endswith("?")
    return (
        bare.endswith(tuple(QUESTION_MARKS))
        or bool(_GREEK_QUESTION.search(bare))
        or bool(_WITHOUT_MARK.search(bare))
    )


def ends_sentence(text: str) -> bool:
    """Whether a text ends with the mark of a sentence's end, or in a script that has none."""
    bare = _bare(text)
    return (
        bare.endswith(tuple(SENTENCE_MARKS))
        or bool(_GREEK_QUESTION.search(bare))
        or bool(_WITHOUT_FULL_STOP.search(bare))
    )


def _bare(text: str) -> str:
    """Return a text without spaces and closing quotes or brackets at its end."""
    return _without_invisible(text).rstrip(f" \t\n\u3000{CLOSING_MARKS}")


def with_ascii_digits(text: str) -> str:
    """Return a text with the digits of other scripts as 0 to 9; its length stays the same."""
    if text.isascii():
        return text
    plain = _FOREIGN_DIGIT.sub(lambda match: str(unicodedata.digit(match[0])), text)
    return str(plain).translate(_NUMBER_MARKS)
