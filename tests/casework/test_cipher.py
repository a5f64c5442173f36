"""What is sealed opens again with the right key and context, and with no other."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.cipher import Cipher
from casework.keys import KeyRing, VaultKeys
from graph.errors import StoreRefused

KEYS = VaultKeys("d2", {"d1": b"1" * 32, "d2": b"2" * 32})


@given(st.lists(st.tuples(st.binary(max_size=80), st.binary(max_size=20)), max_size=5))
def test_sealed_values_open_in_their_context(items: list[tuple[bytes, bytes]]) -> None:
    cipher = Cipher(KEYS)
    sealed = cipher.seal_many([clear for clear, _ in items], [context for _, context in items])
    assert [cipher.open("d2", blob, context) for blob, (_, context) in zip(sealed, items, strict=True)] == [
        clear for clear, _ in items
    ]


def test_equal_values_do_not_look_equal() -> None:
    first, second = Cipher(KEYS).seal_many([b"13800001234"] * 2, [b"c"] * 2)
    assert first != second
    assert b"13800001234" not in first


def test_a_value_sealed_under_an_older_key_still_opens() -> None:
    sealed = Cipher(dataclasses.replace(KEYS, current="d1")).seal(b"x", b"c")
    assert Cipher(KEYS).open("d1", sealed, b"c") == b"x"


@pytest.mark.parametrize(
    ("key_id", "context", "flip"), [("d1", b"c", 0), ("d9", b"c", 0), ("d2", b"other", 0), ("d2", b"c", 1)]
)
def test_a_wrong_key_context_or_byte_does_not_open(key_id: str, context: bytes, flip: int) -> None:
    cipher = Cipher(KEYS)
    sealed = bytearray(cipher.seal(b"x", b"c"))
    sealed[-1] ^= flip
    with pytest.raises(StoreRefused):
        cipher.open(key_id, bytes(sealed), context)


def test_the_ring_of_another_home_does_not_open(ring: KeyRing) -> None:
    sealed = Cipher(VaultKeys("d1", {"d1": b"3" * 32})).seal(b"x", b"c")
    with pytest.raises(StoreRefused):
        Cipher(ring.vault).open("d1", sealed, b"c")
