"""A crowd without a burst: strangers who came to one address a member a month count, colleagues and family do not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from detectors import publish
from detectors.artifact import Published
from detectors.features import crowds, layer0
from detectors.policy import Policy
from detectors.score import assess, explain
from detectors.sweep import SweepResult
from graph.book import DAY
from graph.projection import WINDOW
from graph.store import Batch

Toolbox = dict[str, Callable[..., Any]]

STRANGERS, COLLEAGUES, FAMILY, NEWCOMERS = 100, 140, 180, 220
"""Where the tenants of each address begin among the people."""
TENANTS = 6
APART = WINDOW / DAY + 5
"""Days between two tenants: no window holds more than one of them."""
FRIENDS = 260
FEW, MANY = 3, 5


def moved(fact: Any, number: int, home: int, employer: str, **attributes: object) -> Any:
    """The same applicant at another address and employer, on another day."""
    kept = tuple(use for use in fact.uses if use[0] not in ("address", "employer"))
    uses = (*kept, ("address", "own", f"unit {home}"), ("employer", "own", employer))
    return replace(fact, day=20.0 + number * APART, uses=uses, attributes={**fact.attributes, **attributes})


def tenanted(toolbox: Toolbox) -> list[Any]:
    """Four addresses of six tenants each, and one who names two references that three and five others have named."""
    facts = list(toolbox["people"](400, 5))
    for n in range(TENANTS):
        stranger = {"surname_token": f"alone{n}"}
        facts[STRANGERS + n] = moved(facts[STRANGERS + n], n, STRANGERS, f"firm of {n} itself", **stranger)
        facts[COLLEAGUES + n] = moved(facts[COLLEAGUES + n], n, COLLEAGUES, "works of old co")
        facts[FAMILY + n] = moved(facts[FAMILY + n], n, FAMILY, f"shop of {n} itself", surname_token="one")
        fact = moved(facts[NEWCOMERS + n], n, NEWCOMERS, "works of new co", surname_token=f"apart{n}")
        facts[NEWCOMERS + n] = replace(fact, day=fact.day + 100)  # nobody knew the firm; it is old to the last of them
    for n in range(1 + FEW + MANY):
        named = {0: ("13511110001", "13511110002")}.get(n, ("13511110001",) if n <= FEW else ("13511110002",))
        fact = facts[FRIENDS + n]
        uses = (*fact.uses, *(("phone", "reference", phone) for phone in named))
        facts[FRIENDS + n] = replace(fact, day=5.0 + n * 44, uses=uses)
    return facts


@pytest.fixture(scope="module")
def facts(toolbox: Toolbox) -> list[Any]:
    return tenanted(toolbox)


@pytest.fixture(scope="module")
def result(facts: list[Any], policy: Policy, toolbox: Toolbox) -> SweepResult:
    return toolbox["sweep"](toolbox["links_of"](toolbox["batch_of"](facts)), policy)


@pytest.fixture(scope="module")
def published(result: SweepResult, tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("sweeps") / "S-1"
    publish.write(folder, result, sweep_id="S-1")
    return Published.open(folder)


def column(published: Published, name: str, start: int, count: int = TENANTS) -> list[int]:
    return published.rows[f"f_{name}"][start : start + count].tolist()


def test_strangers_who_dripped_in_are_a_crowd_and_no_burst(published: Published) -> None:
    assert column(published, "crowd_address", STRANGERS) == [TENANTS - 1] * TENANTS
    assert column(published, "s_address", STRANGERS) == [0] * TENANTS


@pytest.mark.parametrize("start", [COLLEAGUES, FAMILY], ids=["colleagues", "family"])
def test_those_whom_something_excuses_are_none(published: Published, start: int) -> None:
    assert column(published, "crowd_address", start) == [0] * TENANTS


def test_colleagues_of_a_young_firm_are_no_excuse(published: Published, result: SweepResult) -> None:
    crowd = column(published, "crowd_address", NEWCOMERS)
    young = result.book.columns["established"][NEWCOMERS : NEWCOMERS + TENANTS] == 0
    assert 2 <= young.sum() < TENANTS
    assert crowd == np.where(young, TENANTS - 1, 0).tolist()


def by_hand(result: SweepResult, policy: Policy) -> np.ndarray:
    """[A, C] the same by sets, from what each application met."""
    book = result.book
    bottom = layer0(book, np.arange(book.applications, dtype=np.int32), policy, result.norms)
    met, found = bottom.touches, bottom.entries
    others: dict[tuple[int, int], set[int]] = {}
    for entry, other, cause in zip(met.entry.tolist(), met.other.tolist(), met.cause.tolist(), strict=True):
        if not cause:
            cell = int(found.row[entry]), int(found.channel[entry])
            others.setdefault(cell, set()).add(int(book.columns["person"][other]))
    table = np.zeros((book.applications, len(policy.channels)), np.int64)
    for cell, persons in others.items():
        table[cell] = len(persons)
    counted = crowds(book, found, met, book.applications, len(policy.channels))
    assert (counted == table).all()
    return table


def test_it_counts_persons_by_channel_however_long_ago(
    published: Published, result: SweepResult, policy: Policy
) -> None:
    table = by_hand(result, policy)
    told = {f.name for f in policy.features if f.name.startswith("crowd_")}
    assert told
    for number, channel in enumerate(policy.channels):
        if f"crowd_{channel.name}" in told:
            assert published.rows[f"f_crowd_{channel.name}"].tolist() == table[:, number].tolist()
    assert table.max() >= MANY


@pytest.mark.parametrize("start", [STRANGERS, COLLEAGUES, FAMILY, NEWCOMERS, FRIENDS])
def test_the_endpoint_gives_the_sweeps_digits_of_crowds(
    facts: list[Any], published: Published, policy: Policy, toolbox: Toolbox, start: int
) -> None:
    for fact in facts[start : start + TENANTS]:
        index = published.index_of(fact.application_id)
        answer = explain(published, fact.application_id, policy)
        assert answer.raw == published.rows["raw"][index]
        assert np.frombuffer(answer.features, "<i8").tolist() == [
            published.rows[f"f_{f.name}"][index] for f in policy.features
        ]
        assert assess(published, toolbox["batch_of"]([fact]), Batch.empty(), policy).raw == answer.raw


def test_the_reason_names_the_address_and_all_who_had_it(
    facts: list[Any], published: Published, policy: Policy
) -> None:
    fact = facts[STRANGERS + 2]
    (signal,) = (s for s in explain(published, fact.application_id, policy).signals if s.reason == "SHARED_ADDRESS")
    (evidence,) = signal.evidence
    others = {facts[STRANGERS + n].application_id for n in range(TENANTS)} - {fact.application_id}
    assert (evidence.kind, evidence.total, set(evidence.applications)) == ("address", TENANTS - 1, others)
    assert evidence.token is not None
    assert signal.n == TENANTS - 1
    assert signal.days == pytest.approx((TENANTS - 1) * APART, abs=1)


def test_colleagues_at_one_address_give_no_such_reason(facts: list[Any], published: Published, policy: Policy) -> None:
    answer = explain(published, facts[COLLEAGUES + 2].application_id, policy)
    assert "SHARED_ADDRESS" not in {s.reason for s in answer.signals}


def test_of_two_values_the_more_crowded_is_told_first(facts: list[Any], published: Published, policy: Policy) -> None:
    answer = explain(published, facts[FRIENDS].application_id, policy)
    assert column(published, "crowd_phone_reference", FRIENDS, 1) == [FEW + MANY]
    (signal,) = (s for s in answer.signals if s.reason == "SHARED_REFERENCE")
    assert [evidence.total for evidence in signal.evidence[:2]] == [MANY, FEW]
    assert signal.n == MANY
