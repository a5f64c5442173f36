"""A small API of our own for the dashboard's tests: seeded rings in both languages, built from the contract's models.

Run it by hand: `python tests/dashboard/fake_api.py PORT`.
"""

import random
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from api import schemas as s

KEY: Final = "rs_live_test"
NOW: Final = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
SWEEP: Final = "SW-20261116-01"
PAYLOAD: Final = '<img src=x onerror="window.__hit=1">'
SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何林高罗"
DEALERS: Final = ("恒达汽贸", "鑫源名车", "Hengda Motors", "盛世二手车", "Lakeside Auto", "宏运汽车销售")
EMPLOYERS: Final = ("宏图建材有限公司", "Brightway Logistics", "顺达劳务", "天成商贸有限公司", "金桥科技有限公司")
TYPOLOGIES: Final = {
    "borrowed_identity": ("Borrowed identities", "冒用身份"),
    "straw_buyers": ("Straw buyers", "代购套现"),
    "loan_stacking": ("Loan stacking", "多头借贷"),
    "dealer_collusion": ("Dealer collusion", "经销商合谋"),
}
REASONS: Final = {
    "SHARED_PHONE": (
        "identity",
        "Phone {label} is shared by {n} applicants with different surnames in {days} days",
        "电话 {label} 在 {days} 天内被 {n} 名不同姓氏的申请人共用",
        "a family or a small firm may share a phone",
        "家庭或小企业可能共用一部电话",
    ),
    "SHARED_DEVICE": (
        "device",
        "{n} applications were sent from device {label}",
        "{n} 笔申请由同一设备 {label} 提交",
        "a dealer's sales desk may fill in forms for its customers",
        "经销商销售台可能代客户填写申请",
    ),
    "SHARED_ACCOUNT": (
        "money",
        "{n} people repay from bank account {label}",
        "{n} 人使用同一还款账户 {label}",
        "spouses often repay from one account",
        "夫妻常用同一账户还款",
    ),
    "EMPLOYER_BURST": (
        "employment",
        "{n} staff of {label} applied at one dealer within {days} days",
        "{label} 的 {n} 名员工在 {days} 天内于同一经销商申请",
        "an employer may have a fleet offer with the dealer",
        "单位可能与经销商有团购优惠",
    ),
}
CHECKS: Final = {
    "CALL_EMPLOYER": ("Call the employer on a number found independently", "通过独立渠道查到的号码致电单位核实"),
    "VIDEO_CALL": ("Verify the applicant's face by video call", "视频核验申请人本人"),
    "VISIT_DEALER": ("Ask the dealer for the delivery record of the vehicle", "向经销商索取车辆交付记录"),
}
KINDS: Final = {
    "application": ("application", "申请"),
    "phone": ("phone", "电话"),
    "device": ("device", "设备"),
    "account": ("bank account", "银行账户"),
    "employer": ("employer", "单位"),
    "dealer": ("dealer", "经销商"),
    "address": ("address", "地址"),
    "officer": ("loan officer", "信贷员"),
    "vehicle": ("vehicle", "车辆"),
}
ROLES: Final = {"own": ("own", "本人"), "reference": ("reference", "联系人"), "work": ("work", "单位电话")}


@dataclass(frozen=True)
class FakeNode:
    """A node before it is worded in a language."""

    id: str
    kind: str
    label: str
    hub: int = 0


@dataclass(frozen=True)
class FakeRing:
    """A ring before it is worded in a language."""

    id: str
    rank: int
    score: int
    band: str
    typology: str
    event: str
    size: int
    people: int
    start: datetime
    codes: tuple[str, ...]
    members: tuple[tuple[str, int, str, datetime, str, str, str, int], ...]
    nodes: tuple[FakeNode, ...]
    edges: tuple[tuple[str, str, str], ...]
    exposure: Decimal = field(default=Decimal(0))


def masked_name(rng: random.Random) -> str:
    if rng.random() < 0.2:
        return rng.choice(("J*** Miller", "A*** Chen", "R*** Ortiz"))
    return rng.choice(SURNAMES) + "*" * rng.choice((1, 2))


def make_ring(rank: int, rng: random.Random, size: int | None = None) -> FakeRing:
    """A ring of `size` applications that share a few values; everything follows from `rng`."""
    count = size or rng.choice((4, 5, 6, 7, 9, 12, 17))
    people = max(2, count - rng.randrange(0, 1 + count // 3))
    start = NOW - timedelta(days=rng.randrange(6, 60))
    dealer, employer = rng.choice(DEALERS), rng.choice(EMPLOYERS)
    score = max(120, 985 - rank * 6 - rng.randrange(4))
    band = "red" if rank <= 12 else "amber" if rank <= 60 else "green"
    names = [masked_name(rng) for _ in range(people)]
    members = tuple(
        (
            f"A-{20261000 + rank * 100 + n}",
            n % people,
            names[n % people],
            start + timedelta(hours=rng.randrange(0, 60 if n % 4 else 400), minutes=rng.randrange(60)),
            dealer if n % 5 else DEALERS[(rank + 1) % len(DEALERS)],
            employer,
            f"O-{rank % 9 + 1}",
            rng.randrange(60, 260) * 1000,
        )
        for n in range(count)
    )
    nodes, edges = make_graph(rank, members, dealer, employer, rng)
    codes = tuple(rng.sample(sorted(REASONS), k=min(len(REASONS), 2 + rank % 3)))
    event = rng.choice(("new", "new", "grown", "same", "same", "merged"))
    exposure = Decimal(sum(member[7] for member in members))
    ring_id, typology = f"RG-{rank:04d}", rng.choice(sorted(TYPOLOGIES))
    return FakeRing(
        ring_id, rank, score, band, typology, event, count, people, start, codes, members, nodes, edges, exposure
    )


def make_graph(
    rank: int,
    members: Sequence[tuple[str, int, str, datetime, str, str, str, int]],
    dealer: str,
    employer: str,
    rng: random.Random,
) -> tuple[tuple[FakeNode, ...], tuple[tuple[str, str, str], ...]]:
    shared = [
        FakeNode(f"phone:t1:{rank:04x}a1", "phone", "138****6621"),
        FakeNode(f"phone:t1:{rank:04x}a2", "phone", "159****0417"),
        FakeNode(f"device:t1:{rank:04x}b1", "device", "dev-7f**"),
        FakeNode(f"account:t1:{rank:04x}c1", "account", "6222****9013"),
        FakeNode(f"address:t1:{rank:04x}e1", "address", "深圳市福田区***"),
        FakeNode(f"employer:t1:{rank:04x}d1", "employer", PAYLOAD if rank == 3 else employer),
    ]
    hub = FakeNode(f"dealer:t1:{sum(map(ord, dealer)):04x}", "dealer", dealer, hub=312)
    edges: list[tuple[str, str, str]] = []
    for n, member in enumerate(members):
        own = f"application:{member[0]}"
        for node in rng.sample(shared, k=2 if n % 3 else 3):
            edges.append((own, node.id, "reference" if node.kind == "phone" and n % 4 == 3 else "own"))
        edges.append((own, hub.id, "own"))
    used = {target for _, target, _ in edges}
    nodes = [FakeNode(f"application:{m[0]}", "application", m[0]) for m in members]
    return (*nodes, *(node for node in shared if node.id in used), hub), tuple(edges)


class Book:
    """The rings behind the fake API, and switches that tests turn."""

    def __init__(self, count: int = 74, big: int = 0) -> None:
        rng = random.Random(7)
        self.rings = [make_ring(rank, rng, big if rank == 2 and big else None) for rank in range(1, count + 1)]
        self.down = False
        self.denied = False
        self.calls: list[str] = []

    def ring(self, ring_id: str) -> FakeRing | None:
        return next((ring for ring in self.rings if ring.id == ring_id), None)

    def summary(self, ring: FakeRing, zh: int) -> s.RingSummary:
        texts = [self.reason(code, ring, 0.4, zh) for code in ring.codes]
        times = [member[3] for member in ring.members]
        return s.RingSummary(
            ring_id=ring.id,
            score=ring.score,
            band=ring.band,  # type: ignore[arg-type]
            rank=ring.rank,
            applications=ring.size,
            applicants=ring.people,
            exposure=ring.exposure,
            currency="CNY",
            typology=ring.typology,
            typology_text=TYPOLOGIES[ring.typology][zh],
            top_reasons=list(ring.codes),
            top_reason_text=texts[0].text,
            dealers=len({member[4] for member in ring.members}),
            first_event_at=min(times).isoformat(),
            last_event_at=max(times).isoformat(),
            first_seen=(NOW - timedelta(days=7 * (ring.rank % 4))).isoformat(),
            event=ring.event,
            expected_loss=ring.exposure * ring.score / 2000,
        )

    def reason(self, code: str, ring: FakeRing, weight: float, zh: int) -> s.Reason:
        family, en_text, zh_text, en_ok, zh_ok = REASONS[code]
        kind = {"SHARED_PHONE": "phone", "SHARED_DEVICE": "device", "SHARED_ACCOUNT": "account"}.get(code, "employer")
        node = next((node for node in ring.nodes if node.kind == kind), None)
        label = node.label if node else "–"
        users = [source.split(":", 1)[1] for source, target, _ in ring.edges if node and target == node.id]
        evidence = (
            [
                s.Evidence(
                    kind=kind, token=node.id.split(":", 1)[1], label=label, applications=users[:10], total=len(users)
                )
            ]
            if node
            else []
        )
        text = (zh_text if zh else en_text).format(label=label, n=len(users), days=9)
        return s.Reason(
            code=code,
            family=family,
            weight=weight,
            strength=0.8,
            text=text,
            innocent=zh_ok if zh else en_ok,
            evidence=evidence,
        )

    def detail(self, ring: FakeRing, zh: int) -> s.RingDetail:
        weights = (0.41, 0.27, 0.14, 0.09)
        members = [self.member(ring, n) for n in range(len(ring.members))]
        checks = [s.Check(code=code, text=text[zh]) for code, text in CHECKS.items()]
        lower = sum(other.score < ring.score for other in self.rings) / len(self.rings)
        return s.RingDetail(
            summary=self.summary(ring, zh),
            reasons=[self.reason(code, ring, weights[n], zh) for n, code in enumerate(ring.codes)],
            members=members[:200],
            members_omitted=max(0, len(members) - 200),
            suggested_checks=checks,
            sweep_id=SWEEP,
            published_at=NOW.isoformat(),
            higher_than=lower,
        )

    def member(self, ring: FakeRing, n: int) -> s.Member:
        identifier, person, name, at, dealer, employer, officer, loan = ring.members[n]
        score = max(80, ring.score - 23 * n)
        band = "red" if score > 880 else "amber" if score > 600 else "green"
        return s.Member(
            application_id=identifier,
            applicant=person + 1,
            name=name,
            submitted_at=at.isoformat(),
            score=score,
            band=band,
            probability=score / 1100,
            membership=max(0.2, 0.97 - 0.06 * n),
            core=n < 4,
            dealer=dealer,
            officer=officer,
            employer=employer,
            loan_amount=Decimal(loan),
            status="funded" if n % 3 else "approved",
            reasons=list(ring.codes),
        )

    def network(self, ring: FakeRing, zh: int, only: set[str] | None = None) -> s.Network:
        members = {
            f"application:{member.application_id}": member
            for member in (self.member(ring, n) for n in range(ring.size))
        }
        degree: dict[str, int] = {}
        for source, target, _ in ring.edges:
            degree[source] = degree.get(source, 0) + 1
            degree[target] = degree.get(target, 0) + 1
        nodes = [
            s.GraphNode(
                id=node.id,
                kind=node.kind,
                kind_text=KINDS[node.kind][zh],
                label=node.label,
                degree=node.hub or degree.get(node.id, 0),
                hub=bool(node.hub),
                score=members[node.id].score if node.id in members else None,
                band=members[node.id].band if node.id in members else None,
                event_at=members[node.id].submitted_at if node.id in members else None,
                member=node.id in members,
            )
            for node in ring.nodes
            if only is None or node.id in only
        ]
        edges = [
            s.GraphEdge(source=source, target=target, role=role, role_text=ROLES[role][zh])
            for source, target, role in ring.edges
            if only is None or {source, target} <= only
        ]
        return s.Network(nodes=nodes, edges=edges, truncated=[], omitted=0, sweep_id=SWEEP)

    def around(self, node: str) -> FakeRing | None:
        return next((ring for ring in self.rings if any(each.id == node for each in ring.nodes)), None)

    def find(self, text: str, zh: int) -> s.SearchAnswer:
        hits = [
            node
            for ring in self.rings
            for node in self.network(ring, zh).nodes
            if text.lower() in node.label.lower() or node.id.split(":", 1)[1].startswith(text)
        ]
        return s.SearchAnswer(items=list({node.id: node for node in hits}.values())[:20])

    def application(self, identifier: str, zh: int) -> s.ApplicationDetail | None:
        ring = self.around(f"application:{identifier}")
        if ring is None:
            return None
        member = next(self.member(ring, n) for n in range(ring.size) if ring.members[n][0] == identifier)
        detail = self.detail(ring, zh)
        return s.ApplicationDetail(
            application_id=identifier,
            submitted_at=member.submitted_at,
            name=member.name,
            score=member.score,
            band=member.band,
            probability=member.probability,
            rank=ring.rank * 10,
            ring=s.RingRef(id=ring.id, size=ring.size, first_seen=detail.summary.first_seen),
            reasons=detail.reasons,
            suggested_checks=detail.suggested_checks,
            dealer=member.dealer,
            officer=member.officer,
            employer=member.employer,
            loan_amount=member.loan_amount,
            currency="CNY",
            vehicle="LSV*********1234",
            status=member.status,
            sweep_id=SWEEP,
            published_at=NOW.isoformat(),
        )

    def sweeps(self) -> s.Sweeps:
        def row(week: int) -> s.SweepRow:
            at = NOW - timedelta(days=7 * week)
            return s.SweepRow(
                sweep_id=f"SW-{at:%Y%m%d}-01",
                state="published",
                started_at=(at - timedelta(minutes=3)).isoformat(),
                published_at=at.isoformat(),
                applications=20_000 - 380 * week,
                rings=len(self.rings) - week,
                bands=self.bands(),
                seconds=41.5 + week,
                peak_mib=612.0,
                policy_version="2026.11",
                current=week == 0,
                events={"new": 12, "grown": 3, "merged": 1, "same": 58},
            )

        return s.Sweeps(items=[row(week) for week in range(3)] if self.rings else [])

    def bands(self) -> dict[str, int]:
        return {band: sum(ring.band == band for ring in self.rings) for band in ("red", "amber", "green")}


def problem(status: int, code: str) -> JSONResponse:
    told = s.Problem(title=code, status=status, code=code, detail=code, request_id="r-1")
    return JSONResponse(told.model_dump(), status_code=status, media_type="application/problem+json")


def chinese(request: Request) -> int:
    return int(request.headers.get("accept-language", "").startswith("zh"))


def create_app(book: Book) -> FastAPI:
    """The read routes over `book`; switches on the book take effect at once."""
    app = FastAPI()

    @app.middleware("http")
    async def gate(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        book.calls.append(request.url.path)
        if book.down:
            return problem(503, "unavailable")
        if book.denied or request.headers.get("authorization") != f"Bearer {KEY}":
            return problem(403, "forbidden")
        return await go_on(request)

    ring_routes(app, book)
    ring_parts(app, book)
    node_routes(app, book)
    other_routes(app, book)
    return app


def ring_routes(app: FastAPI, book: Book) -> None:
    @app.get("/v1/rings")
    def rings(request: Request, cursor: int = 0, limit: int = 50, band: str | None = None) -> s.Page:
        found = [ring for ring in book.rings if band is None or ring.band == band]
        after = cursor + min(limit, 200)
        items = [book.summary(ring, chinese(request)) for ring in found[cursor:after]]
        more = str(after) if after < len(found) else None
        return s.Page(
            items=items,
            next_cursor=more,
            total=len(found),
            bands=book.bands(),
            sweep_id=SWEEP,
            published_at=NOW.isoformat(),
        )

    @app.get("/v1/rings/{ring_id}", response_model=None)
    def ring(request: Request, ring_id: str) -> s.RingDetail | Response:
        found = book.ring(ring_id)
        return book.detail(found, chinese(request)) if found else problem(404, "not_found")


def ring_parts(app: FastAPI, book: Book) -> None:
    @app.get("/v1/rings/{ring_id}/network", response_model=None)
    def ring_network(request: Request, ring_id: str) -> s.Network | Response:
        found = book.ring(ring_id)
        return book.network(found, chinese(request)) if found else problem(404, "not_found")

    @app.get("/v1/rings/{ring_id}/history")
    def history(ring_id: str) -> s.RingHistory:
        found = book.ring(ring_id)
        size = found.size if found else 0
        events = [
            s.HistoryEvent(
                sweep_id="SW-1",
                published_at=(NOW - timedelta(days=7)).isoformat(),
                event="new",
                size=size - 1,
                score=700,
            ),
            s.HistoryEvent(
                sweep_id=SWEEP,
                published_at=NOW.isoformat(),
                event="grown",
                size=size,
                score=found.score if found else 0,
            ),
        ]
        return s.RingHistory(items=events)


def node_routes(app: FastAPI, book: Book) -> None:
    @app.get("/v1/applications/{identifier}", response_model=None)
    def application(request: Request, identifier: str) -> s.ApplicationDetail | Response:
        return book.application(identifier, chinese(request)) or problem(404, "not_found")

    def node_network(node: str, zh: int) -> s.Network | Response:
        found = book.around(node)
        if found is None:
            return problem(404, "not_found")
        near = {end for source, target, _ in found.edges if node in (source, target) for end in (source, target)}
        return book.network(found, zh, near)

    @app.get("/v1/applications/{identifier}/network", response_model=None)
    def application_network(request: Request, identifier: str) -> s.Network | Response:
        return node_network(f"application:{identifier}", chinese(request))

    @app.get("/v1/entities/{node}/network", response_model=None)
    def entity_network(request: Request, node: str) -> s.Network | Response:
        return node_network(node, chinese(request))


def other_routes(app: FastAPI, book: Book) -> None:
    @app.get("/v1/search")
    def search(request: Request, q: str) -> s.SearchAnswer:
        return book.find(q, chinese(request))

    @app.get("/v1/paths", response_model=None)
    def paths(request: Request) -> s.Paths | Response:
        source, target = request.query_params["from"], request.query_params["to"]
        one, two = book.around(source), book.around(target)
        if one is None or two is None:
            return problem(404, "not_found")
        empty = s.Network(nodes=[], edges=[], truncated=[], omitted=0, sweep_id=SWEEP)
        if one is not two:
            return s.Paths(paths=[], network=empty, through_hubs=3)
        touching = {end for edge in one.edges if source in edge[:2] for end in edge[:2]}
        nodes = [source, next(iter(sorted(touching - {source}))), target]
        return s.Paths(
            paths=[s.LinkPath(nodes=nodes, length=2)],
            network=book.network(one, chinese(request), set(nodes)),
            through_hubs=1,
        )

    @app.get("/v1/sweeps")
    def sweeps() -> s.Sweeps:
        return book.sweeps()

    @app.get("/v1/status")
    def status() -> s.Status:
        return s.Status(
            version="0.1.0",
            sweep_id=SWEEP if book.rings else None,
            sweep_published_at=NOW.isoformat() if book.rings else None,
            sweep_age_seconds=6 * 86_400,
            applications=20_000,
            pending=2,
            store="ok",
            ledger="ok",
        )


def main() -> None:
    """Serve on loopback until stopped."""
    uvicorn.run(create_app(Book()), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")


if __name__ == "__main__":
    main()
