"""The one typed way from the dashboard to the API: models of api.schemas out, errors of graph.errors out."""

from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from api.schemas import (
    ApplicationDetail,
    HistoryEvent,
    Network,
    Page,
    Paths,
    Problem,
    RingDetail,
    RingHistory,
    SearchAnswer,
    Status,
    Sweeps,
)
from dashboard.settings import Settings
from graph.errors import Conflict, Forbidden, NotFound, RingsightError, StoreError, StoreUnavailable, UsageError

PAGE: Final = 200
MOST_ROWS: Final = 2_000
TIMEOUT: Final = httpx.Timeout(15.0, connect=3.0)
UNAVAILABLE: Final = frozenset({429, 502, 503, 504})
ERRORS: Final[Mapping[int, type[RingsightError]]] = {401: Forbidden, 403: Forbidden, 404: NotFound, 409: Conflict}

Model = TypeVar("Model", bound=BaseModel)


def connect(settings: Settings, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """One pooled connection for the whole process; `transport` is for tests."""
    headers = {"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else {}
    return httpx.Client(
        base_url=settings.api_url, headers=headers, timeout=TIMEOUT, transport=transport, follow_redirects=False
    )


class Client:
    """The API's read routes in one language ("en" or "zh").

    Every method raises StoreUnavailable (no answer, or come back later), Forbidden, NotFound, UsageError (it
    refused what we sent), or StoreError (it failed, or answered something else than the contract).
    """

    def __init__(self, http: httpx.Client, language: str) -> None:
        self._http = http
        self.language = language

    def rings(self, *, band: str | None = None, limit: int = MOST_ROWS) -> Page:
        """The first `limit` rings by rank as one page, read 200 at a time; starts again when a sweep is published."""
        first = self._page(band, None, min(limit, PAGE))
        items, page = list(first.items), first
        while page.next_cursor and len(items) < limit:
            page = self._page(band, page.next_cursor, min(limit - len(items), PAGE))
            if page.sweep_id != first.sweep_id:
                return self.rings(band=band, limit=limit)
            items.extend(page.items)
        return first.model_copy(update={"items": items[:limit], "next_cursor": page.next_cursor})

    def _page(self, band: str | None, cursor: str | None, limit: int) -> Page:
        asked = {"band": band, "cursor": cursor, "limit": str(limit)}
        return self._get(Page, "/v1/rings", {name: value for name, value in asked.items() if value})

    def ring(self, ring_id: str) -> RingDetail:
        return self._get(RingDetail, f"/v1/rings/{_part(ring_id)}")

    def ring_network(self, ring_id: str) -> Network:
        return self._get(Network, f"/v1/rings/{_part(ring_id)}/network")

    def ring_history(self, ring_id: str) -> list[HistoryEvent]:
        """Events of the ring's lineage in the API's order."""
        return self._get(RingHistory, f"/v1/rings/{_part(ring_id)}/history").items

    def application(self, application_id: str) -> ApplicationDetail:
        return self._get(ApplicationDetail, f"/v1/applications/{_part(application_id)}")

    def network(self, node: str) -> Network:
        """What lies around a node id: `application:A-7` or `phone:t1:...`."""
        kind, _, rest = node.partition(":")
        path = (
            f"/v1/applications/{_part(rest)}/network"
            if kind == "application"
            else f"/v1/entities/{_part(node)}/network"
        )
        return self._get(Network, path)

    def search(self, text: str) -> SearchAnswer:
        return self._get(SearchAnswer, "/v1/search", {"q": text})

    def paths(self, source: str, target: str) -> Paths:
        return self._get(Paths, "/v1/paths", {"from": source, "to": target})

    def sweeps(self) -> Sweeps:
        return self._get(Sweeps, "/v1/sweeps")

    def status(self) -> Status:
        return self._get(Status, "/v1/status")

    def _get(self, model: type[Model], path: str, query: Mapping[str, str] | None = None) -> Model:
        try:
            answer = self._http.get(path, params=query, headers={"Accept-Language": self.language})
        except httpx.HTTPError as error:
            raise StoreUnavailable("The API does not answer") from error
        if answer.status_code != httpx.codes.OK:
            raise _error(answer)
        try:
            return model.model_validate_json(answer.content)
        except ValidationError as error:
            raise StoreError("The API answered something that its contract does not know") from error


def _part(text: str) -> str:
    return quote(text, safe="")


def _error(answer: httpx.Response) -> RingsightError:
    try:
        detail = Problem.model_validate_json(answer.content).detail
    except ValidationError:
        detail = f"HTTP {answer.status_code}"
    code = answer.status_code
    if code in UNAVAILABLE:
        return StoreUnavailable(detail)
    return ERRORS.get(code, UsageError if code < httpx.codes.INTERNAL_SERVER_ERROR else StoreError)(detail)
