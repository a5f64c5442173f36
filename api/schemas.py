"""The HTTP contract as models: requests are strict and refuse unknown fields, answers are what `openapi.json` says."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1, max_length=400)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Money = Annotated[str, StringConstraints(pattern=r"^\d{1,13}(\.\d{1,4})?$")] | Annotated[int, Field(ge=0, lt=10**13)]
Band = Literal["green", "amber", "red", "not_scored"]


class Strict(BaseModel):
    """A request part: frozen, strict, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Answer(BaseModel):
    """An answer part: frozen; readers must allow fields that are added later."""

    model_config = ConfigDict(frozen=True)


class Applicant(Strict):
    name: Text | None = None
    national_id: Text | None = None
    birth_date: Text | None = None
    phones: list[Text] = Field(default=[], max_length=3)
    address: LongText | None = None
    email: Text | None = None
    region: Text | None = None


class Employer(Strict):
    name: Text | None = None
    phone: Text | None = None
    registration: Text | None = None


class Reference(Strict):
    name: Text | None = None
    phone: Text | None = None
    relation: Text | None = None


class CoApplicant(Strict):
    name: Text | None = None
    national_id: Text | None = None
    phone: Text | None = None
    relation: Text | None = None


class Vehicle(Strict):
    vin: Text | None = None
    price: Money | None = None
    appraisal: Money | None = None
    condition: Literal["new", "used"] | None = None
    make: Text | None = None
    model: Text | None = None


class Options(Strict):
    policy: Text | None = None
    explain: bool = True
    ingest: bool = True
    deadline_ms: int = Field(default=150, ge=10, le=10_000)


class ScoreRequest(Strict):
    """One application as underwriting sends it; every canonical field of the mapping has its place here."""

    application_id: Text
    submitted_at: Text
    updated_at: Text | None = None
    applicant: Applicant = Applicant()
    employer: Employer = Employer()
    occupation: Text | None = None
    monthly_income: Money | None = None
    dealer_id: Text | None = None
    dealer_name: Text | None = None
    officer_id: Text | None = None
    vehicle: Vehicle = Vehicle()
    lien_at: Text | None = None
    loan_amount: Money | None = None
    down_payment: Money | None = None
    term_months: int | None = Field(default=None, ge=0, le=600)
    bank_account: Text | None = None
    account_holder_name: Text | None = None
    device_id: Text | None = None
    ip_address: Text | None = None
    co_applicants: list[CoApplicant] = Field(default=[], max_length=2)
    references: list[Reference] = Field(default=[], max_length=5)
    channel: Text | None = None
    status: Text | None = None
    options: Options = Options()


class Evidence(Answer):
    """A shared value (or a figure) behind a reason; `applications` are at most ten, nearest in time first."""

    kind: str
    token: str | None = None
    label: str
    applications: list[str] = []
    total: int = 0


class Reason(Answer):
    """Why: `weight` is the share of the score's evidence (0..1) that this reason carries.

    Reasons come with direct evidence first and mere nearness (family `network`) last; within each the heaviest first.
    """

    code: str
    family: str
    weight: float
    strength: float
    text: str
    innocent: str
    evidence: list[Evidence] = []


class ConsumerReason(Answer):
    code: str
    text: str


class Check(Answer):
    code: str
    text: str


class RingRef(Answer):
    id: str
    size: int
    first_seen: str


class ScoreAnswer(Answer):
    score_id: str
    application_id: str
    score: int | None
    band: Band
    probability: float | None = None
    suggested_checks: list[Check] = []
    reasons: list[Reason] = []
    consumer_reasons: list[ConsumerReason] = []
    ring: RingRef | None = None
    mode: Literal["full", "sweep_only", "rules_only"]
    missing: list[str] = []
    as_of: str
    sweep_id: str | None
    policy_version: str
    model_version: str
    calibration: str = "assumed"


class RingSummary(Answer):
    """A row of the queue."""

    ring_id: str
    score: int
    band: Band
    rank: int
    applications: int
    applicants: int
    exposure: Decimal
    currency: str
    typology: str
    typology_text: str
    top_reasons: list[str]
    top_reason_text: str
    dealers: int
    first_event_at: str
    last_event_at: str
    first_seen: str
    event: str  # new, grown, shrunk, merged, split, same
    expected_loss: Decimal


class Page(Answer):
    """One page of rings. `sweep_id` is the data version; pass `next_cursor` back to read on."""

    items: list[RingSummary]
    next_cursor: str | None
    total: int
    bands: dict[str, int]
    sweep_id: str
    published_at: str


class Member(Answer):
    application_id: str
    applicant: int  # number of the resolved person inside this ring, from 1
    name: str | None  # masked
    submitted_at: str
    score: int
    band: Band
    probability: float
    membership: float  # 0..1, share of its evidence that lies inside the ring
    core: bool
    dealer: str | None
    officer: str | None
    employer: str | None
    loan_amount: Decimal | None
    status: str | None
    reasons: list[str]


class RingDetail(Answer):
    summary: RingSummary
    reasons: list[Reason]
    members: list[Member]
    members_omitted: int
    suggested_checks: list[Check]
    sweep_id: str
    published_at: str
    higher_than: float  # share of this sweep's rings with a lower score


class HistoryEvent(Answer):
    sweep_id: str
    published_at: str
    event: str
    size: int
    score: int
    sources: list[str] = []


class RingHistory(Answer):
    """What became of a ring from sweep to sweep, newest first."""

    items: list[HistoryEvent]


class GraphNode(Answer):
    id: str
    kind: str
    kind_text: str
    label: str
    degree: int
    hub: bool
    score: int | None = None
    band: Band | None = None
    event_at: str | None = None
    member: bool = False


class GraphEdge(Answer):
    source: str
    target: str
    role: str
    role_text: str


class Network(Answer):
    """A bounded piece of the graph, masked. `omitted` counts nodes left out; `truncated` names where."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    truncated: list[str]
    omitted: int
    sweep_id: str | None


class LinkPath(Answer):
    nodes: list[str]
    length: int


class Paths(Answer):
    paths: list[LinkPath]
    network: Network
    through_hubs: int


class ApplicationDetail(Answer):
    application_id: str
    submitted_at: str
    name: str | None
    score: int | None
    band: Band
    probability: float | None
    rank: int | None
    ring: RingRef | None
    reasons: list[Reason]
    suggested_checks: list[Check]
    dealer: str | None
    officer: str | None
    employer: str | None
    loan_amount: Decimal | None
    currency: str
    vehicle: str | None
    status: str | None
    sweep_id: str | None
    published_at: str | None


class SearchAnswer(Answer):
    items: list[GraphNode]


class SweepRow(Answer):
    sweep_id: str
    state: str
    started_at: str
    published_at: str | None
    applications: int
    rings: int
    bands: dict[str, int]
    seconds: float | None
    peak_mib: float | None
    policy_version: str
    current: bool
    events: dict[str, int] = {}
    reason: str | None = None


class Sweeps(Answer):
    items: list[SweepRow]


class Status(Answer):
    version: str
    sweep_id: str | None
    sweep_published_at: str | None
    sweep_age_seconds: float | None
    applications: int | None
    pending: int
    store: Literal["ok", "down"]
    ledger: Literal["ok", "down"]


class Problem(Answer):
    """RFC 9457. `pointer` is a JSON pointer into the request; the rejected value is never repeated."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    pointer: str | None = None
    request_id: str
