"""Counts of tokens by word add up to the tokenizer's count for the whole text."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from generation.passages import cutting
from generation.passages.token_counts import Counter, TokenStarts, adds_up_by_word, counter_for
from qareview.backends.tokens import tokenizer_for

BERT, GPT = tokenizer_for("scripted"), tokenizer_for("smollm2-135m-instruct")
WORDS = st.sampled_from(
    ["tide", "Größe", "don't", "水門", "🌊", "e\u0301", "1784", "...", "#", "[MASK]", "<|im_end|>"]
)
SPACES = st.sampled_from([" ", "  ", "\n", "\n\n", " \t", "\u00a0", "\x1c", "\x85", "\u2028", "\f"])
TEXTS = st.lists(st.one_of(WORDS, SPACES, st.text(max_size=4)), max_size=60).map("".join)


def starts_in(text: str, tokenizer: Tokenizer) -> list[int]:
    return [start for start, _ in tokenizer.encode(text, add_special_tokens=False).offsets]


@pytest.mark.parametrize("tokenizer", [BERT, GPT], ids=["bert", "gpt"])
@settings(deadline=None, derandomize=True, max_examples=300)
@given(text=TEXTS, data=st.data())
def test_tokens_are_counted_as_by_the_tokenizer(
    tokenizer: Tokenizer, text: str, data: st.DataObject
) -> None:
    counter = counter_for(tokenizer)
    starts = starts_in(text, tokenizer)
    assert counter.count(text) == len(starts)
    counted = TokenStarts(text, counter)
    start, end = sorted(data.draw(st.integers(0, len(text))) for _ in range(2))
    assert counted.total == len(starts)
    assert counted.between(start, end) == sum(start <= one < end for one in starts)
    count = data.draw(st.integers(1, 20))
    end = counted.furthest(start, count)
    assert counted.between(start, end) <= count
    assert end == len(text) or counted.between(start, end + 1) > count


@settings(deadline=None, derandomize=True, max_examples=50)
@given(text=st.lists(TEXTS, max_size=8).map("\n\n".join), length=st.integers(20, 100))
def test_no_passage_has_more_tokens_than_its_length(text: str, length: int) -> None:
    for tokenizer in (BERT, GPT):
        for cut in cutting.cut(text, length, (), tokenizer)[0]:
            assert len(starts_in(text[cut.start : cut.end], tokenizer)) <= length


def changed(tokenizer: Tokenizer, **values: Any) -> Tokenizer:
    return Tokenizer.from_str(json.dumps({**json.loads(tokenizer.to_str()), **values}))


METASPACE = {
    "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False
}  # fmt: skip


def test_a_tokenizer_that_is_not_known_to_add_up_tokenises_whole_texts() -> None:
    assert adds_up_by_word(BERT)
    assert adds_up_by_word(GPT)
    whole = changed(GPT, pre_tokenizer=METASPACE)
    assert not adds_up_by_word(whole)
    assert not adds_up_by_word(changed(BERT, normalizer={"type": "NFKC"}))
    text = "The tide rises and falls, twice a day. " * 40
    assert Counter(whole).count(text) == len(starts_in(text, whole))
    starts = TokenStarts(text, Counter(whole))
    assert starts.between(50, 500) == sum(50 <= one < 500 for one in starts_in(text, whole))
