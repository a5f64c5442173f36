"""What is counted of a new application's values is what a sweep that holds it would count."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from detectors import local, publish
from detectors.artifact import Published
from detectors.local import local_book
from detectors.policy import Policy
from detectors.sweep import Inputs, SweepResult, read_book
from graph.book import PERSON, ROLES_PER_VALUE, Book, Slots
from graph.store import Batch

Toolbox = dict[str, Callable[..., Any]]

SPOKEN: tuple[str, ...] = tuple(f.name for f in fields(Slots) if f.name not in ("key", "start"))


@pytest.fixture(scope="module")
def published(swept: SweepResult, tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("sweeps") / "S-1"
    publish.write(folder, swept, sweep_id="S-1")
    return Published.open(folder)


def whole(facts: list[Any], toolbox: Toolbox) -> tuple[list[str], Book]:
    links = toolbox["links_of"](toolbox["batch_of"](facts))
    nothing = pl.DataFrame(schema={"kind": pl.String, "token": pl.String, "reason": pl.String})
    net, book, _ = read_book(Inputs(links, toolbox["no_outcomes"](), nothing, pl.DataFrame(), watermark=10**6))
    return net.applications["application_id"].to_list(), book


def counts(book: Book, row: int) -> dict[tuple[int, int], tuple[int, ...]]:
    """(value, role) of one row -> persons of the value, and what its slot says; 0 stands for the row's person."""
    found = {}
    for slot in book.link_slot[book.link_start[row] : book.link_start[row + 1]].tolist():
        value, role = divmod(int(book.slots.key[slot]), ROLES_PER_VALUE)
        said = tuple(int(getattr(book.slots, name)[slot]) for name in SPOKEN)
        number = 0 if book.value_kind[value] == PERSON else int(book.values[value])
        found[number, role] = (int(book.value_persons[value]), *said)
    return found


def fresh_facts(facts: list[Any]) -> dict[str, list[Any]]:
    """New applications by what they are to the book; the last is the one that is scored, the others came before it."""
    known, ringed, stranger = facts[7], facts[103], facts[900]
    again = replace(known, application_id="P-1", day=410.0, uses=(*known.uses[:6], *ringed.uses[-2:]))
    joins = replace(stranger, application_id="P-2", day=410.1, uses=(*ringed.uses, ("phone", "own", "13100000001")))
    joins = replace(joins, attributes=joins.attributes | {"name_token": "new", "name_birth_token": "new-1"})
    joins = replace(joins, uses=tuple(use for use in joins.uses if use[0] != "national_id"))
    twice = replace(joins, application_id="P-3", day=410.2)
    other = replace(joins, application_id="P-4", day=410.3, attributes=known.attributes | {"name_token": "another"})
    newer = replace(ringed, day=ringed.day + 0.5, uses=ringed.uses[:-1])
    return {
        "a person of the book again": [again],
        "somebody new in a ring": [joins],
        "the same new person twice in a day": [joins, twice],
        "two new ones a minute apart": [joins, other],
        "after a newer version of a published one": [newer, joins],
        "a newer version itself": [newer],
    }


@pytest.mark.parametrize(
    "case",
    [
        "a person of the book again", "somebody new in a ring", "the same new person twice in a day",
        "two new ones a minute apart", "after a newer version of a published one", "a newer version itself",
    ],
)  # fmt: skip
def test_a_new_row_is_counted_as_the_next_sweep_counts_it(
    facts: list[Any], published: Published, toolbox: Toolbox, case: str
) -> None:
    came = fresh_facts(facts)[case]
    batch_of, target = toolbox["batch_of"], came[-1]
    found = local_book(published, batch_of([target]), batch_of(came[:-1]) if came[:-1] else Batch.empty())
    replaced = {fact.application_id for fact in came}
    ids, book = whole([*(fact for fact in facts if fact.application_id not in replaced), *came], toolbox)
    assert counts(found.book, found.target) == counts(book, ids.index(target.application_id))


def test_a_crowded_value_counts_the_newcomer_too(
    facts: list[Any], published: Published, toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a value with more users than the piece holds the published counts stand, one up; of a known person's too."""
    monkeypatch.setattr(local, "REACH", 3)
    known = facts[7]
    again = replace(known, application_id="P-1", day=410.0)
    found = local_book(published, toolbox["batch_of"]([again]), Batch.empty())
    ids, book = whole([*facts, again], toolbox)
    mine, theirs = counts(found.book, found.target), counts(book, ids.index("P-1"))
    persons, total = (2 + n for n in (SPOKEN.index("persons") - 1, SPOKEN.index("total") - 1))
    assert {key: (said[persons], said[total]) for key, said in mine.items()} == {
        key: (said[persons], said[total]) for key, said in theirs.items()
    }
    assert max(said[total] for said in mine.values()) > 100


def test_a_swept_row_changes_no_count(facts: list[Any], published: Published, toolbox: Toolbox) -> None:
    for index in (7, 103, 602):
        found = local_book(published, toolbox["batch_of"]([facts[index]]), Batch.empty())
        ids, book = whole(facts, toolbox)
        assert found.known is not None
        assert counts(found.book, found.target) == counts(book, ids.index(facts[index].application_id))
        for name in ("home_persons", "established"):
            assert found.book.columns[name][found.target] == book.columns[name][index], name


@pytest.mark.parametrize(("first", "established"), [(300.0, 0), (150.0, 1), (1.0, 1)])
def test_a_newcomers_employer_is_as_young_as_in_the_next_sweep(
    facts: list[Any], policy: Policy, toolbox: Toolbox, tmp_path: Path, first: float, established: int
) -> None:
    """The book has known it from its first applicant on; a sweep with the newcomer would say the same."""

    def of_firm(fact: Any, day: float) -> Any:
        uses = tuple(use for use in fact.uses if use[0] != "employer")
        return replace(fact, day=day, uses=(*uses, ("employer", "own", "startup co")))

    book = [of_firm(fact, first) if fact is facts[7] else fact for fact in facts]
    publish.write(
        tmp_path / "S-1", toolbox["sweep"](toolbox["links_of"](toolbox["batch_of"](book)), policy), sweep_id="S"
    )
    new = replace(of_firm(facts[900], 402.0), application_id="P-1")
    found = local_book(Published.open(tmp_path / "S-1"), toolbox["batch_of"]([new]), Batch.empty())
    ids, later = whole([*book, new], toolbox)
    assert later.columns["established"][ids.index("P-1")] == established
    assert found.book.columns["established"][found.target] == established
