from pathlib import Path

import pytest

from tests.api.shell import Shell


def test_every_knob_reaches_the_book(tmp_path: Path, ringsight: Shell) -> None:
    def book(name: str, *words: object) -> tuple[bytes, dict[str, object]]:
        said = ringsight("synth", tmp_path / name, "--applications", 900, "--json", *words)
        assert said.code == 0
        return b"".join(p.read_bytes() for p in sorted((tmp_path / name).rglob("*.csv"))), said.json

    plain, said = book("plain", "--fraud-rate", 0.1)
    assert book("again", "--fraud-rate", 0.1)[0] == plain
    assert 60 < int(str(said["fraudulent"])) <= 90
    assert book("none", "--fraud-rate", 0)[1]["fraudulent"] == 0
    for number, words in enumerate(
        (
            ("--level", "hard"), ("--label-share", 0.9), ("--finding-error", 0.4), ("--missing", 0), ("--mess", 0),
            ("--drift", 0.5), ("--headings", "varied"), ("--locale", "en"), ("--seed", 8),
        )
    ):  # fmt: skip
        assert book(str(number), "--fraud-rate", 0.1, *words)[0] != plain, words


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("--level", "hardest"), "adversarial"),
        (("--fraud-rate", 0.5), "0 and 0.1"),
        (("--fraud-rate", "nan"), "0 and 0.1"),
        (("--label-share", 2), "label_share"),
        (("--finding-error", 1), "finding_error"),
        (("--missing", 9), "missing and mess"),
        (("--mess", -1), "missing and mess"),
        (("--drift", 1), "drift"),
        (("--headings", "odd"), "varied"),
    ],
)
def test_a_wrong_knob_is_named(words: tuple[object, ...], names: str, tmp_path: Path, ringsight: Shell) -> None:
    said = ringsight("synth", tmp_path / "book", *words)
    assert said.code == 2
    assert names in said.err
    assert not (tmp_path / "book").exists()
