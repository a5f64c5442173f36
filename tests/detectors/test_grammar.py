"""The grammar's table: what ships is whole, and each slip in it is refused by file and key."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from detectors.grammar import COLUMN_HOWS, COLUMNS, DEFAULT, LINK_HOWS, Grammar, read_grammar
from detectors.sweep import read_book
from graph.errors import SettingsError
from graph.network import VALUE_NAMES
from graph.schema import KIND, ROLE_OF_CODE
from graph.store import Batch
from tests.detectors import lessons

SMALL: Final = """
[[form]]
name = "mill"
size = [7, 3, 30]
days = [10, 180]
dealers = "few"
weight = 2
mixed = [1, 2]
ties = [
    { link = "address/own", how = "pool", values = [1, 3], chance = 0.5 },
    { column = "price_to_income", how = "raise", by = [1.3, 2.8] },
]
[[form]]
name = "runs"
size = [5, 3, 9]
days = [10, 180]
ties = [{ link = "phone/own", how = "run" }]
share = [0.7, 1.0]
innocent = true
[side]
ties = [{ link = "phone/reference", how = "any" }]
[draw]
share = [0.35, 0.95]
rows = 0.03
innocent = 0.02
family = 0.1
stray = 0.2
bound = 0.8
local = 0.85
slow = 0.15
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_ships_is_whole() -> None:
    grammar = read_grammar()
    assert len(grammar.forms) >= 12
    assert 0 < grammar.rows < 0.2
    for form in grammar.forms:
        median, least, most = form.size
        assert 2 <= least <= median <= most
        assert form.weight > 0
    for tie in (*grammar.side, *(tie for form in grammar.forms for tie in form.ties)):
        assert tie.how in (LINK_HOWS if tie.kind else COLUMN_HOWS)
        assert (tie.kind in VALUE_NAMES and tie.role in ROLE_OF_CODE) or tie.column in COLUMNS


def test_columns_that_a_tie_may_name_are_columns_of_an_application(
    toolbox: dict[str, Callable[..., Any]],
) -> None:
    _, book, _ = read_book(lessons.inputs(toolbox["links_of"](Batch.empty()), toolbox["no_outcomes"]()))
    assert set(COLUMNS) <= set(book.columns)


def test_a_table_is_read_as_it_stands(tmp_path: Path) -> None:
    grammar = read_grammar(written(tmp_path, SMALL))
    mill, runs = grammar.forms
    assert (mill.name, mill.size, mill.days, mill.dealers) == ("mill", (7, 3, 30), (10, 180), 3)
    assert (mill.weight, mill.mixed, mill.each, mill.person) == (2.0, (1, 2), None, False)
    pool, price = mill.ties
    assert (pool.how, pool.kind, pool.values, pool.chance) == ("pool", KIND["address"].code, (1, 3), 0.5)
    assert (price.how, price.kind, price.column, price.by) == ("raise", 0, "price_to_income", (1.3, 2.8))
    assert (runs.dealers, runs.weight, runs.side) == (0, 1.0, 0.0)
    assert (mill.share, mill.innocent, runs.share, runs.innocent) == (None, False, (0.7, 1.0), True)
    assert (grammar.share, grammar.rows, grammar.slow) == ((0.35, 0.95), 0.03, 0.15)
    assert read_grammar(written(tmp_path, SMALL + "\n# a remark")).digest != grammar.digest


SLIPS: Final = [
    ("[draw]", "[drawn]", "drawn"),
    ("[side]\nties", "[side]\ntie", "tie"),
    ('[side]\nties = [{ link = "phone/reference", how = "any" }]', "[side]\nties = []", "ties"),
    ("share = [0.35, 0.95]", "", "share"),
    ("share = [0.35, 0.95]", "share = 0.5", "share = 0.5"),
    ("share = [0.35, 0.95]", "share = [0.95, 0.35]", r"share = \[0.95"),
    ("share = [0.35, 0.95]", "share = [0.35, 9.5]", r"share = \[0.35"),
    *((f"{key} = {value}", "", f"draw: {key}") for key, value in (
        ("rows", "0.03"), ("innocent", "0.02"), ("family", "0.1"), ("stray", "0.2"), ("bound", "0.8"),
        ("local", "0.85"), ("slow", "0.15"),
    )),
    ("rows = 0.03", 'rows = "many"', "rows = 'many'"),
    ("rows = 0.03", "rows = true", "rows = True"),
    ("rows = 0.03", "rows = nan", "rows = nan"),
    ("innocent = true", "innocent = 1.5", "innocent = 1.5"),
    ("share = [0.7, 1.0]", "share = [0.7, 1.1]", r"share = \[0.7"),
    ("weight = 2", "innocent = true", "form"),
    ("bound = 0.8", "bound = -0.1", "bound = -0.1"),
    ("stray = 0.2", "stray = 0.2\nstrays = 0.2", "strays"),
    ('name = "mill"\n', "", "name"),
    ('name = "runs"', 'name = "mill"', "mill"),
    ("size = [7, 3, 30]\n", "", "form mill: size"),
    ("size = [7, 3, 30]", "size = [7, 3]", r"size = \[7, 3\]"),
    ("size = [7, 3, 30]", "size = [2, 3, 30]", r"size = \[2, 3, 30\]"),
    ("size = [7, 3, 30]", "size = [7, 1, 30]", r"size = \[7, 1, 30\]"),
    ("size = [7, 3, 30]", "size = 7", "size = 7"),
    ("days = [10, 180]\ndealers", "dealers", "days"),
    ("days = [10, 180]\ndealers", "days = [0, 180]\ndealers", r"days = \[0"),
    ('dealers = "few"', 'dealers = "some"', "dealers = 'some'"),
    ("weight = 2", 'weight = "2"', "weight = '2'"),
    ("weight = 2", "wieght = 2", "wieght"),
    ("weight = 2", "person = 3", "person = 3"),
    ("mixed = [1, 2]", "mixed = [1]", r"mixed = \[1\]"),
    ("mixed = [1, 2]", "mixed = [0.5, 2]", r"mixed = \[0.5"),
    ("mixed = [1, 2]", "each = [2, 1]", r"each = \[2, 1\]"),
    ('ties = [{ link = "phone/own", how = "run" }]', "", "ties"),
    ('ties = [{ link = "phone/own", how = "run" }]', "ties = []", "ties"),
    ('link = "address/own"', 'link = "adress/own"', "link = 'adress/own'"),
    ('link = "address/own"', 'link = "address/owner"', "link = 'address/owner'"),
    ('link = "address/own"', 'link = "address"', "link = 'address'"),
    ('link = "address/own"', 'lnik = "address/own"', "lnik"),
    ('how = "pool"', 'how = "puddle"', "how = 'puddle'"),
    ('how = "pool", ', "", "how"),
    ('how = "pool"', 'how = "raise"', "how = 'raise'"),
    ('link = "phone/own", how = "run"', 'link = "email/own", how = "run"', "link = 'email/own'"),
    ('link = "phone/reference", how = "any"', 'link = "device/own", how = "any"', "link = 'device/own'"),
    ("values = [1, 3]", "values = [1, 2, 3]", r"values = \[1, 2, 3\]"),
    ("values = [1, 3]", "values = [0, 3]", r"values = \[0, 3\]"),
    ("values = [1, 3]", "values = 3", "values = 3"),
    ("chance = 0.5", "chance = 1.5", "chance = 1.5"),
    ("chance = 0.5", "spellings = 2", "spellings = 2"),
    ('column = "price_to_income"', 'column = "price_to_incomes"', "column = 'price_to_incomes'"),
    ('column = "price_to_income", how = "raise"', 'column = "price_to_income", how = "pool"', "how = 'pool'"),
    (", by = [1.3, 2.8]", "", "by"),
    ("by = [1.3, 2.8]", "by = [2.8, 1.3]", "by"),
    ('how = "raise", by = [1.3, 2.8]', 'how = "set"', "to"),
]  # fmt: skip


@pytest.mark.parametrize(("was", "now", "named"), SLIPS)
def test_a_slip_is_refused_by_file_and_key(tmp_path: Path, was: str, now: str, named: str) -> None:
    assert was in SMALL
    path = written(tmp_path, SMALL.replace(was, now, 1))
    with pytest.raises(SettingsError, match=f"^mine.toml: .*{named}") as caught:
        read_grammar(path)
    assert caught.value.remedy


@pytest.mark.parametrize("text", [b"[draw", b"\xff\xfe"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(text)
    with pytest.raises(SettingsError, match=r"^mine\.toml: cannot read"):
        read_grammar(path)
    with pytest.raises(SettingsError, match=r"^none\.toml: cannot read"):
        read_grammar(tmp_path / "none.toml")


def left(grammar: Grammar) -> list[str]:
    return [form.name for form in grammar.forms]


def test_without_leaves_forms_out() -> None:
    grammar = read_grammar(DEFAULT)
    names = left(grammar)
    fewer = grammar.without([names[3], names[0]])
    assert left(fewer) == [names[n] for n in range(len(names)) if n not in (0, 3)]
    assert (fewer.side, fewer.share, fewer.rows, fewer.bound) == (
        grammar.side, grammar.share, grammar.rows, grammar.bound
    )  # fmt: skip
    assert fewer.digest == grammar.without([names[0], names[3]]).digest
    assert len({grammar.digest, fewer.digest, grammar.without(names[:1]).digest}) == 3
    assert left(grammar) == names


def test_an_unknown_form_is_named_and_so_are_those_that_there_are() -> None:
    grammar = read_grammar()
    with pytest.raises(SettingsError, match="no form 'adress'") as caught:
        grammar.without(["address", "adress"])
    assert all(form.name in caught.value.remedy for form in grammar.forms)


def test_a_grammar_without_any_form_is_refused() -> None:
    grammar = read_grammar()
    with pytest.raises(SettingsError, match="no ring of the grammar is left"):
        grammar.without(left(grammar))
    with pytest.raises(SettingsError, match="no ring of the grammar is left"):
        grammar.without([form.name for form in grammar.forms if not form.innocent])
