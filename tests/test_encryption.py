"""Short texts encrypted with the secret key."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qareview.encryption import CannotDecrypt, decrypt, encrypt


@given(st.text(max_size=200))
def test_what_was_encrypted_is_decrypted(text: str) -> None:
    assert decrypt(encrypt(text)) == text


def test_the_same_text_is_never_encrypted_alike() -> None:
    texts = {encrypt("sk-very-secret") for _ in range(20)}
    assert len(texts) == 20
    assert not any("secret" in text for text in texts)


def test_another_secret_key_decrypts_nothing(settings: Any) -> None:
    encrypted = encrypt("sk-very-secret")
    settings.SECRET_KEY = "another"
    with pytest.raises(CannotDecrypt):
        decrypt(encrypted)


@given(st.data())
def test_a_changed_text_is_refused(data: st.DataObject) -> None:
    encrypted = encrypt("sk-very-secret")
    place = data.draw(st.integers(0, len(encrypted) - 5))
    other = data.draw(st.sampled_from("Ab-_9").filter(lambda letter: letter != encrypted[place]))
    with pytest.raises(CannotDecrypt):
        decrypt(encrypted[:place] + other + encrypted[place + 1 :])


@pytest.mark.parametrize("text", ["", "1:", "1:é", "sk-very-secret", "2:AAAA", "1:AAA"])
def test_what_is_no_encrypted_text_is_refused(text: str) -> None:
    with pytest.raises(CannotDecrypt):
        decrypt(text)
