"""Who runs a command, as the audit trail names them."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from casework.access import Actor

ActorName = Annotated[
    str | None, typer.Option("--actor", metavar="NAME", help="Your name for the audit trail; default: your account's.")
]


def account() -> str:
    """The account of this process: by its user id, because the environment can say anything."""
    import pwd

    from casework.access import ACTOR_NAME

    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = ""  # a container's user need not have a name
    return name if ACTOR_NAME.fullmatch(name) else f"uid-{number}"


def acting(name: str | None) -> "Actor":
    """The operator of this command, with the scopes of casework.access. Raises UsageError for a name that is none."""
    from casework.access import operator

    own = account()
    return operator(own if name is None else name, own)
