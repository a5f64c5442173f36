"""Least privilege: a role can do its work and no more, and an unknown scope is named."""

import pytest

from casework.access import IMPLIED, OPERATOR, READING, ROLES, Actor, Role, Scope, operator, parse_scopes, require
from graph.errors import Forbidden, UsageError


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("scope", list(Scope))
def test_every_role_by_every_scope(role: Role, scope: Scope) -> None:
    actor = Actor("person:x", ROLES[role])
    implied = {given for held in ROLES[role] for given in IMPLIED.get(held, ())}
    if scope in ROLES[role] | implied:
        require(actor, scope)
    else:
        with pytest.raises(Forbidden, match=scope.value):
            require(actor, scope)


def test_every_scope_is_in_some_role_and_none_has_all() -> None:
    assert frozenset().union(*ROLES.values()) == frozenset(Scope)
    assert all(scopes < frozenset(Scope) for scopes in ROLES.values())


def test_clear_values_are_for_few() -> None:
    assert {role for role in Role if Scope.PII_REVEAL in ROLES[role]} == {Role.LEAD, Role.PRIVACY}
    assert Scope.PII_REVEAL not in OPERATOR.scopes
    assert {role for role in Role if Scope.QUARANTINE_EXPORT in ROLES[role]} == {Role.OPERATOR}


def test_who_may_change_sweeps_may_read_them_and_not_the_other_way_round() -> None:
    require(Actor("client:x", frozenset({Scope.SWEEP_ADMIN})), Scope.SWEEP_READ)
    with pytest.raises(Forbidden, match="sweep:admin"):
        require(Actor("client:x", READING), Scope.SWEEP_ADMIN)
    assert {role for role in Role if Scope.SWEEP_READ in ROLES[role]} == {Role.INVESTIGATOR, Role.LEAD, Role.RISK}


@pytest.mark.parametrize(
    ("name", "account", "said"),
    [
        ("wang.wei", "wang.wei", "operator:wang.wei"),
        ("wang.wei", "root", "operator:wang.wei/root"),
        ("li@bank.example", "uid-1000", "operator:li@bank.example/uid-1000"),
    ],
)
def test_an_operator_is_named_with_the_account_behind_the_name(name: str, account: str, said: str) -> None:
    assert operator(name, account) == Actor(said, ROLES[Role.OPERATOR])


@pytest.mark.parametrize("name", ["", " ", "a b", "a/root", "王伟", "13800001234", "a\nb", "x" * 65])
def test_a_name_that_could_mislead_the_audit_trail_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        operator(name, "root")
    assert name == "" or name.strip() == "" or name not in str(refused.value)


def test_scopes_are_read_from_text() -> None:
    assert parse_scopes(" score:write, ring:read,") == {Scope.SCORE_WRITE, Scope.RING_READ}


@pytest.mark.parametrize(
    ("text", "said"), [("", "no scope"), (",", "no scope"), ("score:writ", "score:writ"), ("ops,*", r"\*")]
)
def test_unknown_scopes_are_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        parse_scopes(text)
    assert "score:write" in refused.value.remedy
