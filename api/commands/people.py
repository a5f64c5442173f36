"""client: who may call the API."""

from contextlib import closing
from datetime import timedelta
from typing import Annotated

import typer

from api.commands.acting import ActorName, acting
from api.commands.setting_up import house
from api.console import Json, say, show, table

client = typer.Typer(help="Machines that may call the API.", no_args_is_help=True)


@client.command("add")
def add(
    name: str,
    scopes: Annotated[str, typer.Option(help="Comma-separated, such as score:write,ring:read.")],
    days: Annotated[int | None, typer.Option(min=1, help="The key expires after so many days.")] = None,
    actor: ActorName = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Make a client, or a second key for one that exists; prints the key once, on the last line."""
    from casework.access import parse_scopes
    from casework.clock import SECOND

    wanted, by = parse_scopes(scopes), acting(actor)
    opened = house()
    with closing(opened):
        seconds = None if days is None else int(timedelta(days=days).total_seconds())
        expires_at = None if seconds is None else opened.clock() + seconds * SECOND
        issued = opened.clients.add(name, wanted, expires_at=expires_at, by=by.id)
    say("keep this key: it is shown once and stored only as a digest")
    show({"client": issued.client, "key_id": issued.key_id, "key": issued.key}, as_json, issued.key)


@client.command("list")
def listing(as_json: Annotated[bool, Json] = False) -> None:
    """Clients with their scopes and keys; never the keys themselves."""
    from api.times import iso, iso_or_none

    opened = house()
    with closing(opened):
        found = opened.clients.list()
    rows = [
        {
            "name": one.name,
            "scopes": sorted(scope.value for scope in one.scopes),
            "created_at": iso(one.created_at),
            "revoked_at": iso_or_none(one.revoked_at),
            "keys": [
                {
                    "key_id": key.key_id,
                    "expires_at": iso_or_none(key.expires_at),
                    "revoked_at": iso_or_none(key.revoked_at),
                }
                for key in one.keys
            ],
        }
        for one in found
    ]
    cells = [
        [
            one.name,
            ",".join(sorted(scope.value for scope in one.scopes)),
            "revoked" if one.revoked_at else "live",
            " ".join(key.key_id for key in one.keys if key.revoked_at is None),
        ]
        for one in found
    ]
    heads = {"client": "left", "scopes": "left", "state": "left", "live keys": "left"}
    show({"items": rows}, as_json, table(heads, cells))


@client.command("revoke")
def revoke(
    name: str,
    key: Annotated[str | None, typer.Option(help="Only this key id; default: the client and all its keys.")] = None,
    actor: ActorName = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """End a client, or one of its keys, at once."""
    by = acting(actor)
    opened = house()
    with closing(opened):
        if key is None:
            opened.clients.revoke(name, by=by.id)
        else:
            opened.clients.revoke_key(key, by=by.id)
    show({"client": name, "key_id": key}, as_json, f"revoked {key or name}")


@client.command("key")
def another(name: str, actor: ActorName = None, as_json: Annotated[bool, Json] = False) -> None:
    """A second key for a client, so that keys can change without a gap; prints it once, on the last line."""
    by = acting(actor)
    opened = house()
    with closing(opened):
        issued = opened.clients.issue_key(name, by=by.id)
    show({"client": issued.client, "key_id": issued.key_id, "key": issued.key}, as_json, issued.key)
