"""One error tree for the whole house; the command line and the API each hold one table over it.

RingsightError
|- UsageError            the caller asked for something that cannot be (exit 2, HTTP 400)
|  `- SettingsError      a setting is missing or unsafe
|- InputRefused          a file or payload was refused and nothing was changed (exit 3, HTTP 422)
|- NotFound              no such application, ring, sweep or decision (exit 1, HTTP 404)
|- Conflict              somebody else was first: lease, idempotency key, exclusive create (exit 1, HTTP 409)
|  `- IdempotencyMismatch  an idempotency key came again with another body (HTTP 422, code idempotency_mismatch)
|- Forbidden             the key is unknown or lacks the scope (exit 1, HTTP 401 or 403)
|- AccountsDoNotBalance  read is not loaded + duplicate + quarantined: a defect of ours (exit 1)
|- ArtifactError         a published file is missing or its digest differs (exit 1, HTTP 503)
`- StoreError            the graph store or the ledger failed (exit 1, HTTP 503)
   |- StoreUnavailable   it does not answer; try again later
   `- StoreRefused       it answers, but not to us: wrong password, wrong version, read-only
"""


class RingsightError(Exception):
    """Root of the tree. `remedy` says in one sentence what the reader can do."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class UsageError(RingsightError):
    """The caller asked for something that cannot be."""


class SettingsError(UsageError):
    """A setting is missing, malformed or unsafe."""


class InputRefused(RingsightError):
    """A file or payload was refused as a whole; `where` names file and line, or a JSON pointer."""

    def __init__(self, message: str, remedy: str = "", where: str = "") -> None:
        super().__init__(message, remedy)
        self.where = where


class NotFound(RingsightError):
    """No such application, ring, sweep, decision or client."""


class Conflict(RingsightError):
    """Somebody else was first."""


class IdempotencyMismatch(Conflict):
    """An idempotency key came again with another body."""


class Forbidden(RingsightError):
    """The key is unknown, expired, or lacks the scope."""


class AccountsDoNotBalance(RingsightError):
    """Records read differ from loaded + duplicate + quarantined."""


class ArtifactError(RingsightError):
    """A published artifact is missing, incomplete, or differs from its manifest."""


class StoreError(RingsightError):
    """The graph store or the ledger failed."""


class StoreUnavailable(StoreError):
    """The store does not answer."""


class StoreRefused(StoreError):
    """The store answers, but refuses us."""
