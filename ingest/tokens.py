"""Keyed tokens of clear values: HMAC-SHA256 under one key per type, with the key's version in front."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

import polars as pl

from ingest.ports import TokenKeys

TOKEN_DIGITS: Final = 24
"""Hex digits kept: 96 bits, below 1e-10 for any collision in a book of 10^9 values."""
_BLOCK: Final = 64  # SHA-256 block, RFC 2104
VAULT_SCHEMA: Final[dict[str, pl.DataType]] = {"type": pl.String(), "token": pl.String(), "clear": pl.String()}


class Tokeniser:
    """Makes tokens for one batch, each distinct value once, and remembers what the vault must keep."""

    def __init__(self, keys: TokenKeys) -> None:
        self._keys = keys
        self._known: dict[str, dict[str, str]] = {}
        self._marks: dict[str, int] = {}

    def of(self, kind: str, values: pl.Series) -> list[str | None]:
        """A token for each value, null for null; `kind` is one of ingest.ports.TOKEN_TYPES."""
        texts = values.to_list()
        known = self._known.setdefault(kind, {})
        fresh = set(texts).difference(known)
        fresh.discard(None)
        if fresh:
            prefix = f"{self._keys.version}:"
            known.update((value, prefix + digest[:TOKEN_DIGITS]) for value, digest in self._digests(kind, fresh))
        return [known.get(text) for text in texts]

    def marks(self, names: pl.Series) -> list[int | None]:
        """The first 31 bits of each name's token, null for null: one name, one mark in whatever role it stands.

        Only equality of two marks means anything. Names that are no more than marked are not kept for the vault.
        """
        texts = names.to_list()
        fresh = set(texts).difference(self._marks)
        fresh.discard(None)
        if fresh:
            self._marks.update((name, int(digest[:8], 16) >> 1) for name, digest in self._digests("name", fresh))
        return [self._marks.get(text) for text in texts]

    def _digests(self, kind: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
        """HMAC by hand (RFC 2104): the two padded keys are hashed once, then copied for every value."""
        key = self._keys.keys[kind].ljust(_BLOCK, b"\0")
        if len(key) > _BLOCK:
            key = hashlib.sha256(key).digest().ljust(_BLOCK, b"\0")
        inner = hashlib.sha256(bytes(b ^ 0x36 for b in key))
        outer = hashlib.sha256(bytes(b ^ 0x5C for b in key))
        begin, end = inner.copy, outer.copy
        for value in values:
            first, second = begin(), end()
            first.update(value.encode())
            second.update(first.digest())
            yield value, second.hexdigest()

    def values(self, kind: str) -> tuple[list[str], list[str]]:
        """The distinct values of a kind so far and their tokens."""
        known = self._known.get(kind, {})
        return list(known), list(known.values())

    def vault(self, kinds: tuple[str, ...]) -> pl.DataFrame:
        """Type, token and clear value of everything of these kinds."""
        types: list[str] = []
        tokens: list[str] = []
        clears: list[str] = []
        for kind in kinds:
            clear, token = self.values(kind)
            types += [kind] * len(clear)
            tokens += token
            clears += clear
        columns = zip(VAULT_SCHEMA, (types, tokens, clears), strict=True)
        return pl.DataFrame([pl.Series(name, values, dtype=pl.String) for name, values in columns])
