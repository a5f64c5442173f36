"""Brings a ledger's schema up to date with the migrations that come with this release."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from graph.errors import StoreRefused

SCRIPTS: Final = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, found: str | None) -> None:
    """Run the missing migrations inside the caller's transaction, so that a kill leaves the old schema whole.

    Raises StoreRefused when the ledger was written by a newer release.
    """
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreRefused(
            f"the ledger's schema {found} is newer than this release of Ringsight",
            "upgrade Ringsight, or restore a backup",
        )
    command.upgrade(config, "head")
