"""Rules that turn English questions into commands and commands into questions."""

import re
from collections.abc import Callable

_VERBS = (
    "answer|ask|calculate|choose|classify|complete|compute|correct|create|decide|define|describe|"
    "determine|draft|evaluate|explain|extract|find|formulate|generate|give|identify|list|make|name|"
    "produce|provide|quote|read|reply|respond|rewrite|say|select|shorten|simplify|solve|state|"
    "suggest|summarise|summarize|tell|translate|use|write"
)
_ENGLISH = re.compile(
    rf"(?i){_VERBS}|the|what|which|who|when|where|why|how|this|these|its?|and|from|with|your?|can"
)
_BETWEEN_SENTENCES = re.compile(r"((?<=[.?!])\s+|\n+)")
_COMMAND = re.compile(rf"(?i)({_VERBS}) +([^?:]+?)[.!]?")
_PLEASE = re.compile(r"(?i)please,? +(?=\S)")
# “Can you add …?”
_POLITE = re.compile(
    r"(?i)(?:can|could|would|will) you (?:please |kindly )?(?!like|mind|say)(.+)\?"
)
# “What is of {{ expression }}?”, a question without its noun
_VALUELESS = re.compile(r"(?i)what (?:is|are) (?:the )?of (?!importance|interest|note|use)(.+)\?")
# “What is the sum of …?”, but not “What is it about?”
_WHAT_IS = re.compile(
    r"(?i)what(?:['’]s| is| are| was| were) (?!(?:of|it|there|he|she|they|you|we|i)\b)"
    r"(?!.*\b(?:about|like|for|called|named|meant|\w+ing)\?)(.+)\?"
)
# signs and words of arithmetic
_OF_NUMBERS = re.compile(
    r"(?i)\d|[\^×÷√]|[ }][-+*/=][ {]|\b(?:value|sum|product|difference|quotient|remainder|total|"
    r"average|percent|plus|minus|times|divided|expression|equation|formula)\b"
)
# any other question with a question word
_OPEN = re.compile(r"(?i)(?:what|which|who|whom|whose|when|where|why|how)\b\W*\w.*\?")
# questions with a verb before the subject, which “Tell me” cannot precede
_INVERTED = re.compile(
    r"(?i)(?:what|when|where|why|how)(?:['’]s|"
    r" (?:is|are|was|were|can|could|will|would|should|has|have|had)\b)|.*\b(?:do|does|did)\b"
)


def is_english(text: str) -> bool:
    """Whether a text has no words, or at least a tenth of them are common English words.

    The tenth was chosen; nobody measured.
    """
    words = re.findall(r"[^\W\d_]+", text)
    return 10 * sum(1 for word in words if _ENGLISH.fullmatch(word)) >= len(words)


def questions_as_commands(text: str, unmasked: Callable[[str], str]) -> str:
    """Return a text with its questions as commands.

    ``unmasked`` puts the expressions of the template back into a part of the text.
    """
    return _each_sentence(text, lambda sentence: _command(sentence, unmasked))


def without_please(text: str) -> str:
    """Return a text whose sentences do not begin with “please”."""
    return _each_sentence(text, _without_please)


def first_command_as_question(text: str) -> str:
    """Return a text with its first command as a question."""
    parts = _BETWEEN_SENTENCES.split(text)
    for number, part in enumerate(parts):
        if match := _COMMAND.fullmatch(_without_please(part)):
            parts[number] = f"Can you {match[1].lower()} {match[2]}?"
            break
    return "".join(parts)


def _each_sentence(text: str, change: Callable[[str], str]) -> str:
    parts = _BETWEEN_SENTENCES.split(text)
    return "".join(part if number % 2 else change(part) for number, part in enumerate(parts))


def _without_please(sentence: str) -> str:
    return _capital(sentence[match.end() :]) if (match := _PLEASE.match(sentence)) else sentence


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _command(sentence: str, unmasked: Callable[[str], str]) -> str:
    """Return a question as a command, and any other sentence unchanged."""
    question = _without_please(sentence)
    if match := _POLITE.fullmatch(question):
        return f"{_capital(match[1])}."
    if match := _VALUELESS.fullmatch(question):
        return f"Calculate the value of {match[1]}."
    if match := _WHAT_IS.fullmatch(question):
        verb = "Calculate" if _OF_NUMBERS.search(unmasked(match[1])) else "State"
        return f"{verb} {match[1]}."
    if not _OPEN.fullmatch(question):
        return sentence
    question = question[:1].lower() + question[1:]
    is_inverted = _INVERTED.match(question)
    return f"Tell me: {question}" if is_inverted else f"Tell {question[:-1]}."
