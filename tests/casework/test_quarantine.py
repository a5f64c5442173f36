"""Refused records are kept once, unreadable to a thief, explained by line, and given back as they were."""

from collections.abc import Callable
from pathlib import Path

import pytest

from casework.access import OPERATOR, ROLES, Actor, Role, operator
from casework.accounts import LoadAccounts
from casework.audit import Audit
from casework.keys import KeyRing
from casework.ledger import Ledger
from casework.quarantine import EncryptedQuarantine, Explanation
from graph.errors import Forbidden, NotFound
from ingest.ports import QuarantinedRow, SourceFile

BY = operator("li", "root")
ROWS = (
    QuarantinedRow(7, 9, "ragged", "12 fields, 14 wanted", "A-1,张三,13800001234\n".encode("gb18030")),
    QuarantinedRow(3, 3, "no_id", "", b',"quoted\nbreak",\xff\xfe'),
)


@pytest.fixture
def quarantine(ledger: Ledger, ring: KeyRing) -> EncryptedQuarantine:
    return EncryptedQuarantine(ledger, ring.vault)


def test_rows_are_explained_in_the_order_of_the_file(
    quarantine: EncryptedQuarantine, ledger: Ledger, source: SourceFile
) -> None:
    load = LoadAccounts(ledger).open(source)
    quarantine.put(load, source, ROWS)
    expected = (Explanation(3, 3, "no_id", ""), Explanation(7, 9, "ragged", "12 fields, 14 wanted"))
    assert quarantine.explain(load) == expected
    assert quarantine.explain(source.sha256) == expected


def test_a_row_is_stored_once_and_explained_for_both_loads(
    quarantine: EncryptedQuarantine, ledger: Ledger, source: SourceFile
) -> None:
    loads = [LoadAccounts(ledger).open(source) for _ in range(2)]
    for load in loads:
        quarantine.put(load, source, ROWS)
        quarantine.put(load, source, ROWS[:1])
    assert quarantine.explain(loads[0]) == quarantine.explain(loads[1])
    assert len(quarantine.explain(source.sha256)) == 2


def test_the_bytes_come_back_as_they_were(quarantine: EncryptedQuarantine, ledger: Ledger, source: SourceFile) -> None:
    load = LoadAccounts(ledger).open(source)
    quarantine.put(load, source, ROWS)
    assert quarantine.export(load, BY) == ROWS[1].raw + b"\n" + ROWS[0].raw
    entry = Audit(ledger).entries()[-1]
    assert (entry.actor, entry.event, entry.detail["rows"]) == ("operator:li/root", "quarantine.exported", 2)


@pytest.mark.parametrize("role", [role for role in Role if ROLES[role] != OPERATOR.scopes])
def test_export_needs_permission_and_a_refusal_leaves_an_entry(
    quarantine: EncryptedQuarantine, ledger: Ledger, source: SourceFile, role: Role
) -> None:
    load = LoadAccounts(ledger).open(source)
    quarantine.put(load, source, ROWS)
    with pytest.raises(Forbidden):
        quarantine.export(load, Actor("person:x", ROLES[role]))
    entry = Audit(ledger).entries()[-1]
    assert (entry.actor, entry.event, entry.subject) == ("person:x", "quarantine.export_refused", f"quarantine:{load}")


@pytest.mark.parametrize("ask", ["explain", "export"])
def test_an_unknown_file_is_not_found(quarantine: EncryptedQuarantine, ask: str) -> None:
    calls: dict[str, Callable[[], object]] = {
        "explain": lambda: quarantine.explain("load-x"),
        "export": lambda: quarantine.export("load-x", BY),
    }
    with pytest.raises(NotFound):
        calls[ask]()


def test_a_file_without_refused_rows_has_nothing_to_explain(
    quarantine: EncryptedQuarantine, ledger: Ledger, source: SourceFile
) -> None:
    load = LoadAccounts(ledger).open(source)
    quarantine.put(load, source, ())
    assert quarantine.explain(load) == ()
    assert quarantine.export(load, BY) == b""


def test_nothing_personal_lies_in_the_file(
    quarantine: EncryptedQuarantine, ledger: Ledger, source: SourceFile, ledger_path: Path
) -> None:
    quarantine.put(LoadAccounts(ledger).open(source), source, ROWS)
    ledger.close()
    written = b"".join(path.read_bytes() for path in ledger_path.parent.glob("ledger.db*"))
    assert b"13800001234" not in written
    assert "张三".encode("gb18030") not in written
