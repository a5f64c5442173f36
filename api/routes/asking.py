"""What several routes need: blocking work in threads, the published sweep."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from api.problems import ProblemError
from api.published import Current
from api.wiring import Services

T = TypeVar("T")
READ_SECONDS: Final = 10.0
"""How long a question of a person may keep the graph store busy."""


async def in_thread(services: Services, work: Callable[[], T]) -> T:
    """Run blocking work in one of the few threads."""
    return await asyncio.get_running_loop().run_in_executor(services.threads, work)


def published_of(services: Services) -> Current:
    """The published sweep. Raises ProblemError 404 before the first one: there is nothing to show yet."""
    current = services.shelf.current()
    if current is None:
        raise ProblemError(404, "no_sweep", "No sweep is published yet", "run ringsight sweep")
    return current
