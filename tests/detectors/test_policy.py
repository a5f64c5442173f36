"""The policy file: what an older one leaves out, what a wrong one is told."""

from pathlib import Path

import pytest

from detectors.policy import DEFAULT, read_policy
from graph.errors import SettingsError

UNREAD = "unread = []"


def written(folder: Path, unread: str) -> Path:
    """The shipped policy with another line in the place of `unread = []`."""
    text = DEFAULT.read_text(encoding="utf-8")
    assert text.count(UNREAD) == 1
    path = folder / "policy.toml"
    path.write_text(text.replace(UNREAD, unread), encoding="utf-8")
    return path


def test_what_may_not_be_read_is_part_of_the_policy_and_its_digest(tmp_path: Path) -> None:
    shipped = read_policy()
    assert shipped.unread == ()
    found = read_policy(written(tmp_path, 'unread = ["age", "group_*"]'))
    assert found.unread == ("age", "group_*")
    assert found.digest != shipped.digest


def test_a_policy_of_the_first_release_forbids_nothing(tmp_path: Path) -> None:
    assert read_policy(written(tmp_path, "")).unread == ()


@pytest.mark.parametrize("wrong", ['"age"', "3", '["age", 3]', "true"])
def test_what_is_no_list_of_names_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsError, match="unread") as caught:
        read_policy(written(tmp_path, f"unread = {wrong}"))
    assert caught.value.remedy
