"""Clear values go in in bulk, stay unreadable, and come out one by one, to those who may, on the record."""

from pathlib import Path

import polars as pl
import pytest

from casework import vault as module
from casework.access import ROLES, Actor, Role, Scope
from casework.audit import Audit
from casework.keys import KeyRing, VaultKeys
from casework.ledger import Ledger
from casework.vault import Vault
from graph.errors import Forbidden, NotFound, StoreRefused, UsageError

LEAD = Actor("person:lead", ROLES[Role.LEAD])
ITEMS = pl.DataFrame(
    {
        "type": ["phone", "name", "phone", "phone", "email"],
        "token": ["t1:a", "t1:b", "t1:c", "t1:a", None],
        "clear": ["13800001234", "欧阳 Ångström", None, "13900000000", "a@b.cn"],
    }
)


@pytest.fixture
def vault(ledger: Ledger, ring: KeyRing) -> Vault:
    return Vault(ledger, ring.vault)


def test_values_come_back_and_the_first_stays(vault: Vault) -> None:
    vault.put(ITEMS)
    vault.put(ITEMS.with_columns(clear=pl.lit("another")))
    assert vault.reveal("phone", "t1:a", LEAD, "case:RG-0012") == "13800001234"
    assert vault.reveal("name", "t1:b", LEAD, "quality_check") == "欧阳 Ångström"
    assert vault.reveal("phone", "t1:c", LEAD, "case") == "another", "it had no clear value the first time"


def test_more_rows_than_one_transaction_holds(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 7)
    vault.put(
        pl.DataFrame({"type": "phone", "token": [f"t1:{n}" for n in range(30)], "clear": [str(n) for n in range(30)]})
    )
    assert [vault.reveal("phone", f"t1:{n}", LEAD, "case") for n in (0, 6, 7, 29)] == ["0", "6", "7", "29"]


def test_an_empty_frame_is_fine(vault: Vault) -> None:
    vault.put(ITEMS.clear())


def test_every_reveal_is_on_the_record_without_the_value(vault: Vault, ledger: Ledger) -> None:
    vault.put(ITEMS)
    vault.reveal("phone", "t1:a", LEAD, "case:RG-0012")
    entry = Audit(ledger).entries()[-1]
    assert (entry.actor, entry.event, entry.subject) == ("person:lead", "value.revealed", "phone:t1:a")
    assert entry.detail == {"purpose": "case:RG-0012"}


@pytest.mark.parametrize("role", [role for role in Role if Scope.PII_REVEAL not in ROLES[role]])
def test_without_the_scope_the_attempt_is_on_the_record(vault: Vault, ledger: Ledger, role: Role) -> None:
    vault.put(ITEMS)
    with pytest.raises(Forbidden):
        vault.reveal("phone", "t1:a", Actor("person:x", ROLES[role]), "case")
    assert Audit(ledger).entries()[-1].event == "value.reveal_refused"


@pytest.mark.parametrize(
    "purpose", ["", "curious", "case:张三", "case:13800001234", "case:RG-1 and more", "case:RG-1\n"]
)
def test_a_purpose_is_a_code(vault: Vault, ledger: Ledger, purpose: str) -> None:
    vault.put(ITEMS)
    with pytest.raises(UsageError):
        vault.reveal("phone", "t1:a", LEAD, purpose)
    assert Audit(ledger).entries() == ()


@pytest.mark.parametrize(("kind", "token"), [("phone", "t1:zz"), ("email", "t1:a")])
def test_what_is_not_there_is_not_found(vault: Vault, kind: str, token: str) -> None:
    vault.put(ITEMS)
    with pytest.raises(NotFound):
        vault.reveal(kind, token, LEAD, "case")


def test_a_value_moved_to_another_token_does_not_open(vault: Vault, ledger: Ledger) -> None:
    vault.put(ITEMS)
    with ledger.transaction() as connection:
        connection.exec_driver_sql("UPDATE vault SET token = 't1:moved' WHERE token = 't1:a'")
    with pytest.raises(StoreRefused):
        vault.reveal("phone", "t1:moved", LEAD, "case")


def test_values_sealed_under_an_older_key_stay_readable(vault: Vault, ledger: Ledger, ring: KeyRing) -> None:
    vault.put(ITEMS)
    grown = Vault(ledger, VaultKeys("d2", {**ring.vault.keys, "d2": b"2" * 32}))
    assert grown.reveal("phone", "t1:a", LEAD, "case") == "13800001234"


def test_nothing_personal_lies_in_the_file(vault: Vault, ledger: Ledger, ledger_path: Path) -> None:
    vault.put(ITEMS)
    ledger.close()
    written = b"".join(path.read_bytes() for path in ledger_path.parent.glob("ledger.db*"))
    assert b"t1:a" in written
    assert b"13800001234" not in written
    assert "欧阳".encode() not in written
