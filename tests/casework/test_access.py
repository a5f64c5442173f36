"""Least privilege: a role can do its work and no more, and an unknown scope is named."""

import pytest

from casework.access import OPERATOR, ROLES, Actor, Role, Scope, parse_scopes, require
from graph.errors import Forbidden, UsageError


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("scope", list(Scope))
def test_every_role_by_every_scope(role: Role, scope: Scope) -> None:
    actor = Actor("person:x", ROLES[role])
    if scope in ROLES[role]:
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


def test_scopes_are_read_from_text() -> None:
    assert parse_scopes(" score:write, ring:read,") == {Scope.SCORE_WRITE, Scope.RING_READ}


@pytest.mark.parametrize(
    ("text", "said"), [("", "no scope"), (",", "no scope"), ("score:writ", "score:writ"), ("ops,*", r"\*")]
)
def test_unknown_scopes_are_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        parse_scopes(text)
    assert "score:write" in refused.value.remedy
