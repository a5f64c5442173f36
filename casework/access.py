"""Who may do what: scopes, the roles that bundle them, and the one check that use cases call."""

from collections.abc import Mapping
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


READING: Final = frozenset({Scope.GRAPH_READ, Scope.RING_READ, Scope.SCORE_READ})

ROLES: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.UNDERWRITING: frozenset({Scope.SCORE_WRITE, Scope.SCORE_READ, Scope.SCORE_BATCH, Scope.FEEDBACK_WRITE}),
    Role.INVESTIGATOR: READING | {Scope.CASE_WRITE, Scope.FEEDBACK_WRITE},
    Role.LEAD: READING | {Scope.CASE_WRITE, Scope.FEEDBACK_WRITE, Scope.PII_REVEAL, Scope.POLICY_READ},
    Role.RISK: READING | {Scope.POLICY_READ, Scope.POLICY_TEST, Scope.POLICY_WRITE, Scope.SWEEP_ADMIN},
    Role.OPERATOR: frozenset({Scope.SWEEP_ADMIN, Scope.INGEST_WRITE, Scope.HOOK_ADMIN, Scope.OPS}),
    Role.PRIVACY: frozenset({Scope.PRIVACY_ADMIN, Scope.PII_REVEAL}),
}
"""Least privilege: seeing rings does not include seeing people in clear, and running the house includes neither."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts, as the audit trail names them (`client:...`, `person:...`, `system`), and what they may do."""

    id: str
    scopes: frozenset[Scope]


OPERATOR: Final = Actor("operator", ROLES[Role.OPERATOR])
"""Whoever runs the command line on the machine that holds the keys."""


def require(actor: Actor, scope: Scope) -> None:
    """Raises Forbidden unless the actor holds the scope."""
    if scope not in actor.scopes:
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
