"""The house's secret keys: made once, kept in files that only their owner may read, never overwritten."""

import base64
import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from graph.errors import Conflict, SettingsError
from ingest.ports import TOKEN_TYPES, TokenKeys

FOLDER: Final = "keys"
TOKENS: Final = "tokens.json"
WRAPPING: Final = "wrapping.json"  # key-encryption keys
DATA: Final = "data.json"  # data keys, wrapped
KEY_BYTES: Final = 32
TOKEN_VERSION: Final = "t1"  # noqa: S105 - a version mark, not a password
Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """AES-256 data keys by id. New values are sealed under `current`; old ones name the id they were sealed under."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every secret that the house needs to run."""

    tokens: TokenKeys
    vault: VaultKeys


def create_keys(home: Path, *, random: Random = secrets.token_bytes) -> KeyRing:
    """Make `home`/keys. The folder appears whole or not at all; raises Conflict when it is there already."""
    folder = home / FOLDER
    if folder.exists():
        raise Conflict(f"{folder} exists already", "keep it: without these keys the book cannot be read again")
    draft = home / f".{FOLDER}-{secrets.token_hex(8)}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
        _write(draft / TOKENS, {"version": TOKEN_VERSION, "keys": {t: _text(random(KEY_BYTES)) for t in TOKEN_TYPES}})
        wrapping, data = random(KEY_BYTES), random(KEY_BYTES)
        _write(draft / WRAPPING, {"current": "w1", "keys": {"w1": _text(wrapping)}})
        _write(draft / DATA, {"current": "d1", "keys": {"d1": _wrapped("w1", wrapping, data)}})
        draft.rename(folder)  # fails when somebody else was first: a folder with files is never replaced
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if folder.exists():
            raise Conflict(f"{folder} exists already", "somebody ran ringsight init at the same moment") from error
        raise SettingsError(f"{folder} cannot be made: {error.strerror}", "check the folder's owner") from error
    _sync_folder(home)
    return read_keys(home)


def read_keys(home: Path) -> KeyRing:
    """Read `home`/keys. Raises SettingsError when they are missing, damaged, or open to other users."""
    folder = home / FOLDER
    if not folder.is_dir():
        raise SettingsError(f"there are no keys in {folder}", "run ringsight init")
    _refuse_open_to_others(folder, 0o700)
    tokens = _read(folder / TOKENS)
    return KeyRing(_token_keys(folder / TOKENS, tokens), _data_keys(folder))


def rewrap_keys(home: Path, *, random: Random = secrets.token_bytes) -> KeyRing:
    """Wrap every data key under a fresh key-encryption key; sealed values stay as they are.

    Killed between any two steps, the keys can still be read: the old wrapping key goes last.
    """
    folder = home / FOLDER
    ring = read_keys(home)
    old = _read(folder / WRAPPING)
    name, fresh = _next_name("w", old["keys"]), random(KEY_BYTES)
    _write(folder / WRAPPING, {"current": name, "keys": {**old["keys"], name: _text(fresh)}})
    wrapped = {key_id: _wrapped(name, fresh, key) for key_id, key in ring.vault.keys.items()}
    _write(folder / DATA, {"current": ring.vault.current, "keys": wrapped})
    _write(folder / WRAPPING, {"current": name, "keys": {name: _text(fresh)}})
    return read_keys(home)


def add_data_key(home: Path, *, random: Random = secrets.token_bytes) -> KeyRing:
    """Make a further data key the current one; values sealed so far keep theirs."""
    folder = home / FOLDER
    read_keys(home)
    data, wrapping = _read(folder / DATA), _read(folder / WRAPPING)
    name, over = _next_name("d", data["keys"]), wrapping["current"]
    wrapped = _wrapped(over, _bytes(wrapping["keys"][over]), random(KEY_BYTES))
    _write(folder / DATA, {"current": name, "keys": {**data["keys"], name: wrapped}})
    return read_keys(home)


def _token_keys(path: Path, stored: dict[str, Any]) -> TokenKeys:
    try:
        keys = {name: _bytes(text) for name, text in stored["keys"].items()}
        version = str(stored["version"])
    except (KeyError, AttributeError, ValueError) as error:
        raise _damaged(path) from error
    if set(TOKEN_TYPES) - keys.keys() or any(len(key) != KEY_BYTES for key in keys.values()):
        raise _damaged(path)
    return TokenKeys(version, keys)


def _data_keys(folder: Path) -> VaultKeys:
    data, wrapping = _read(folder / DATA), _read(folder / WRAPPING)
    try:
        over = {name: _bytes(text) for name, text in wrapping["keys"].items()}
        keys = {
            name: aes_key_unwrap(over[entry["under"]], _bytes(entry["wrapped"])) for name, entry in data["keys"].items()
        }
        current = data["current"]
        keys[current]
    except (KeyError, AttributeError, TypeError, ValueError, InvalidUnwrap) as error:
        raise _damaged(folder / DATA) from error
    return VaultKeys(current, keys)


def _wrapped(name: str, wrapping: bytes, key: bytes) -> dict[str, str]:
    """A data key under a key-encryption key (RFC 3394)."""
    return {"under": name, "wrapped": _text(aes_key_wrap(wrapping, key))}


def _next_name(prefix: str, names: Mapping[str, object]) -> str:
    return f"{prefix}{1 + max(int(name[1:]) for name in names)}"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _damaged(path: Path) -> SettingsError:
    return SettingsError(f"{path} is damaged or incomplete", "restore the keys folder from its backup")


def _refuse_open_to_others(path: Path, wanted: int) -> None:
    if path.stat().st_mode & 0o077:
        raise SettingsError(f"{path} can be read by other users", f"run chmod {wanted:o} on it")


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise SettingsError(f"{path} is missing", "restore the keys folder from its backup")
    _refuse_open_to_others(path, 0o600)
    try:
        stored = json.loads(path.read_bytes())
    except ValueError as error:
        raise _damaged(path) from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}", "check the file's owner") from error
    if not isinstance(stored, dict):
        raise _damaged(path)
    return stored


def _write(path: Path, content: dict[str, Any]) -> None:
    """Replace a file as a whole, readable by its owner only, on disk before it is seen."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(json.dumps(content, indent=1).encode())
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
