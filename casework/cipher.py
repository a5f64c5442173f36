"""AES-256-GCM with key ids: what seals payloads, quarantined rows and clear values in the ledger."""

import os
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from casework.keys import Random, VaultKeys
from graph.errors import StoreRefused

NONCE: Final = 12
"""Bytes. Random nonces are safe for 2^32 values under one key (NIST SP 800-38D, 8.3); then add a data key."""


class Cipher:
    """Seals bytes as nonce + ciphertext + tag, bound to a context so that a value moved elsewhere does not open."""

    def __init__(self, keys: VaultKeys, *, random: Random = os.urandom) -> None:
        self.key_id = keys.current
        self._keys = {name: AESGCM(key) for name, key in keys.keys.items()}
        self._random = random

    def seal(self, clear: bytes, context: bytes) -> bytes:
        """Encrypt one value under the current key."""
        return self.seal_many((clear,), (context,))[0]

    def seal_many(self, clear: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        """Encrypt values under the current key, in their order."""
        nonces = self._random(NONCE * len(clear))
        encrypt = self._keys[self.key_id].encrypt
        sealed = []
        for n, (value, context) in enumerate(zip(clear, contexts, strict=True)):
            nonce = nonces[NONCE * n : NONCE * (n + 1)]
            sealed.append(nonce + encrypt(nonce, value, context))
        return sealed

    def open(self, key_id: str, sealed: bytes, context: bytes) -> bytes:
        """Decrypt. Raises StoreRefused when the key is not in the ring or the value was changed or moved."""
        key = self._keys.get(key_id)
        if key is None:
            raise StoreRefused(
                f"the ledger names data key {key_id}, which is not in the keys folder", "restore the keys"
            )
        try:
            return key.decrypt(sealed[:NONCE], sealed[NONCE:], context)
        except InvalidTag as error:
            raise StoreRefused(
                "a sealed value does not open: wrong keys, or it was altered", "restore the keys"
            ) from error
