"""Keys are made once, whole, for their owner only, and can be wrapped anew."""

import json
import threading
from pathlib import Path

import pytest

from casework import keys
from casework.keys import KeyRing, add_data_key, create_keys, read_keys, rewrap_keys
from graph.errors import Conflict, SettingsError
from ingest.ports import TOKEN_TYPES


def test_created_keys_are_read_back(tmp_path: Path) -> None:
    made = create_keys(tmp_path)
    assert read_keys(tmp_path) == made
    assert set(made.tokens.keys) == set(TOKEN_TYPES)
    assert len({*made.tokens.keys.values(), *made.vault.keys.values()}) == len(TOKEN_TYPES) + 1
    assert all(len(key) == 32 for key in (*made.tokens.keys.values(), *made.vault.keys.values()))


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    create_keys(tmp_path)
    folder = tmp_path / "keys"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_second_creation_changes_nothing(tmp_path: Path) -> None:
    made = create_keys(tmp_path)
    with pytest.raises(Conflict):
        create_keys(tmp_path)
    assert read_keys(tmp_path) == made


def test_of_many_creators_one_wins(tmp_path: Path) -> None:
    start, made, refused = threading.Barrier(6), [], []

    def create() -> None:
        start.wait()
        try:
            made.append(create_keys(tmp_path))
        except Conflict:
            refused.append(1)

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 5)
    assert read_keys(tmp_path) == made[0]
    assert [path.name for path in tmp_path.iterdir()] == ["keys"], "no draft is left behind"


def test_missing_keys_say_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read_keys(tmp_path)
    assert refused.value.remedy == "run ringsight init"


@pytest.mark.parametrize("name", ["", "tokens.json", "wrapping.json", "data.json"])
def test_keys_open_to_others_are_refused(tmp_path: Path, name: str) -> None:
    create_keys(tmp_path)
    path = tmp_path / "keys" / name
    path.chmod(path.stat().st_mode | 0o040)
    with pytest.raises(SettingsError, match="read by other users"):
        read_keys(tmp_path)


@pytest.mark.parametrize("name", ["tokens.json", "wrapping.json", "data.json"])
@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"version":"t1","current":"d1","keys":{"d1":"AA=="}}'])
def test_damaged_files_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    create_keys(tmp_path)
    (tmp_path / "keys" / name).write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        read_keys(tmp_path)
    assert "backup" in refused.value.remedy


def test_a_lost_file_is_refused(tmp_path: Path) -> None:
    create_keys(tmp_path)
    (tmp_path / "keys" / "data.json").unlink()
    with pytest.raises(SettingsError, match="missing"):
        read_keys(tmp_path)


def test_a_folder_that_cannot_be_made_is_a_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError):
        create_keys(tmp_path / "file" / "home")


def test_rewrapping_keeps_the_data_keys_and_drops_the_old_wrapping(tmp_path: Path) -> None:
    made = create_keys(tmp_path)
    before = json.loads((tmp_path / "keys" / "wrapping.json").read_text())
    assert rewrap_keys(tmp_path) == made
    after = json.loads((tmp_path / "keys" / "wrapping.json").read_text())
    assert not set(before["keys"].values()) & set(after["keys"].values())


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_killed_rewrapping_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
    made = create_keys(tmp_path)
    true_write, left = keys._write, writes

    def write(path: Path, content: dict[str, object]) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        true_write(path, content)

    monkeypatch.setattr(keys, "_write", write)
    with pytest.raises(KeyboardInterrupt):
        rewrap_keys(tmp_path)
    monkeypatch.undo()
    assert read_keys(tmp_path) == made
    assert rewrap_keys(tmp_path) == made


def test_a_further_data_key_becomes_current_and_old_ones_stay(tmp_path: Path) -> None:
    made = create_keys(tmp_path)
    grown = add_data_key(tmp_path)
    assert grown.vault.current != made.vault.current
    assert grown.vault.keys[made.vault.current] == made.vault.keys[made.vault.current]
    assert len(set(grown.vault.keys.values())) == 2


def test_secrets_do_not_show_in_words(ring: KeyRing) -> None:
    assert ring.tokens.keys["phone"].hex() not in repr(ring).lower()
    assert "keys=" not in repr(ring)
