"""Who may do what: scopes, the roles that bundle them, and the one check that use cases call."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from graph.errors import Forbidden, UsageError


class Scope(StrEnum):
    """One permission. A route or use case names the scope it needs; whoever lacks it is refused."""

    SCORE_WRITE = "score:write"
    SCORE_READ = "score:read"
    SCORE_BATCH = "score:batch"
    INGEST_WRITE = "ingest:write"
    FEEDBACK_WRITE = "feedback:write"
    GRAPH_READ = "graph:read"
    RING_READ = "ring:read"
    CASE_WRITE = "case:write"
    PII_REVEAL = "pii:reveal"
    QUARANTINE_EXPORT = "quarantine:export"
    SWEEP_READ = "sweep:read"
    SWEEP_ADMIN = "sweep:admin"
    POLICY_READ = "policy:read"
    POLICY_TEST = "policy:test"
    POLICY_WRITE = "policy:write"
    HOOK_ADMIN = "hook:admin"
    PRIVACY_ADMIN = "privacy:admin"
    OPS = "ops"


class Role(StrEnum):
    """A kind of work that people or machines do."""

    UNDERWRITING = "underwriting"
    INVESTIGATOR = "investigator"
    LEAD = "lead"
    RISK = "risk"
    OPERATOR = "operator"
    PRIVACY = "privacy"


IMPLIED: Final[Mapping[Scope, frozenset[Scope]]] = {Scope.SWEEP_ADMIN: frozenset({Scope.SWEEP_READ})}
"""Whoever holds the key of this table also holds its values."""

READING: Final = frozenset({Scope.GRAPH_READ, Scope.RING_READ, Scope.SCORE_READ, Scope.SWEEP_READ})
"""What the dashboard shows."""

ROLES: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.UNDERWRITING: frozenset({Scope.SCORE_WRITE, Scope.SCORE_READ, Scope.SCORE_BATCH, Scope.FEEDBACK_WRITE}),
    Role.INVESTIGATOR: READING | {Scope.CASE_WRITE, Scope.FEEDBACK_WRITE},
    Role.LEAD: READING | {Scope.CASE_WRITE, Scope.FEEDBACK_WRITE, Scope.PII_REVEAL, Scope.POLICY_READ},
    Role.RISK: READING | {Scope.POLICY_READ, Scope.POLICY_TEST, Scope.POLICY_WRITE, Scope.SWEEP_ADMIN},
    Role.OPERATOR: frozenset(
        {Scope.SWEEP_ADMIN, Scope.INGEST_WRITE, Scope.QUARANTINE_EXPORT, Scope.HOOK_ADMIN, Scope.OPS}
    ),
    Role.PRIVACY: frozenset({Scope.PRIVACY_ADMIN, Scope.PII_REVEAL}),
}
"""Least privilege: seeing rings does not include seeing people in clear, and running the house includes neither.

An operator who loads files may have the records that a load refused back, to mend them; never a value of the vault.
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts, and what they may do. The audit trail keeps the id: `client:...`, `person:...`, `operator:...`."""

    id: str
    scopes: frozenset[Scope]


OPERATOR: Final = Actor("operator", ROLES[Role.OPERATOR])
"""The command line on the machine that holds the keys, where nobody is asked for a name (a scheduled sweep)."""
ACTOR_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.@-]{0,63}")


def operator(name: str, account: str) -> Actor:
    """A person at the command line: `operator:` + the name given, and where it differs `/` + the system's account.

    The name is a claim, the account is not: so both are kept. Raises UsageError for a name that is none.
    """
    if not ACTOR_NAME.fullmatch(name):
        raise UsageError(
            "that is no name for the audit trail",
            "begin with a letter; letters, digits, dot, dash, underscore and @ may follow, 64 in all",
        )
    return Actor(f"{OPERATOR.id}:{name}" + ("" if name == account else f"/{account}"), OPERATOR.scopes)


def holds(scopes: Collection[Scope], scope: Scope) -> bool:
    """Whether `scope` is among the scopes, or implied by one of them."""
    return scope in scopes or any(scope in IMPLIED.get(held, ()) for held in scopes)


def require(actor: Actor, scope: Scope) -> None:
    """Raises Forbidden unless the actor holds the scope."""
    if not holds(actor.scopes, scope):
        raise Forbidden(f"{actor.id} lacks the scope {scope.value}", f"ask for a key with {scope.value}")


def parse_scopes(text: str) -> frozenset[Scope]:
    """Scopes from `score:write,ring:read`. Raises UsageError that lists the known ones."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = {scope.value for scope in Scope}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        said = f"unknown scope {unknown[0]!r}" if unknown else "no scope given"
        raise UsageError(said, f"known scopes: {', '.join(sorted(known))}")
    return frozenset(Scope(name) for name in names)
