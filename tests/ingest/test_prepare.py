"""From text columns to a batch: the same for one row and for many, in every home."""

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.book import name_mark, token_number
from graph.errors import UsageError
from graph.schema import (
    APPLICATION_SCHEMA,
    CANONICAL_COLUMNS,
    IDENTIFIER_SCHEMA,
    KIND,
    KIND_OF_CODE,
    LINK_SCHEMA,
    ROLE,
    ROLE_OF_CODE,
)
from ingest.prepare import Prepared, SourceContext, prepare
from tests.ingest.fakes import keys
from tests.ingest.samples import TEXTS

CN = SourceContext()
ROW = {
    "application_id": "A-1",
    "submitted_at": "2026-11-21 10:00:00",
    "name": "张三丰",
    "national_id": "11010519491231002X",
    "phone.1": "138 0013 8000",
    "phone.2": "13800138000",
    "email": "A@b.com",
    "address": "北京市朝阳区建国路88号院3号楼2单元1502室",
    "employer.name": "上海闪光（集团）有限公司",
    "employer.phone": "010-65529988",
    "monthly_income": "8,200.00",
    "dealer_id": "D9",
    "dealer_name": "阳光",
    "officer_id": "O3",
    "vin": "1HGCM82633A004352",
    "vehicle_condition": "二手车",
    "loan_amount": "15万",
    "term_months": "36期",
    "bank_account": "6222021234567890128",
    "account_holder_name": "张三丰",
    "device_id": "dev-1",
    "ip_address": "1.2.3.4",
    "reference.1.name": "李四",
    "reference.1.phone": "13911112222",
    "co_applicant.1.national_id": "110105491231002",
}


def frame(*rows: dict[str, str | None]) -> pl.DataFrame:
    names = [c for c in CANONICAL_COLUMNS if any(c in row for row in rows)]
    return pl.DataFrame({c: [row.get(c) for row in rows] for c in names}, schema=dict.fromkeys(names, pl.String()))


def made(*rows: dict[str, str | None], salt: str = "a") -> Prepared:
    return prepare(frame(*rows), CN, keys(salt), first_seq=7)


def test_schemas_hold_even_for_nothing() -> None:
    for prepared in (
        made(ROW),
        made({"application_id": "A", "submitted_at": None}),
        prepare(frame(), CN, keys(), first_seq=0),
    ):
        assert dict(prepared.batch.applications.schema) == APPLICATION_SCHEMA
        assert dict(prepared.batch.identifiers.schema) == IDENTIFIER_SCHEMA
        assert dict(prepared.batch.links.schema) == LINK_SCHEMA


def test_one_application_in_full() -> None:
    prepared = made(ROW)
    row = prepared.batch.applications.row(0, named=True)
    expected = {
        "application_id": "A-1",
        "event_at": 1_795_226_400_000_000,
        "version_at": 1_795_226_400_000_000,
        "seq": 7,
        "name_label": "张**",
        "birth_year": 1949,
        "home_region": "110105",
        "id_check": "ok",
        "monthly_income": 820_000,
        "loan_amount": 15_000_000,
        "term_months": 36,
        "vehicle_condition": "used",
        "holder_is_applicant": True,
        "vehicle_price": None,
    }
    assert {k: row[k] for k in expected} == expected
    assert len(row["digest"]) == 32
    kinds = {(kind, role) for kind, role in prepared.batch.links.select("kind", "role").iter_rows()}
    assert kinds >= {(KIND["phone"].code, ROLE[r].code) for r in ("own", "work", "reference")}
    assert (KIND["national_id"].code, ROLE["co_applicant"].code) in kinds
    assert prepared.batch.links.height == 16 - 2  # phone twice is one link; vehicle price and others make none
    labels = set(prepared.batch.identifiers["label"])
    assert labels >= {"138****8000", "110105********002X", "北京市朝阳区****", "D9", "****0128", "1.2.*.*"}
    clear = dict(prepared.vault.select("type", "clear").iter_rows())
    assert clear["name"] == "张三丰"
    assert clear["name_birth"] == "张三丰|1949-12-31"


def test_no_clear_value_leaves_but_by_the_vault() -> None:
    prepared = made(ROW)
    seen = "".join(
        str(f.rows()) for f in (prepared.batch.applications, prepared.batch.identifiers, prepared.batch.links)
    )
    for secret in (
        "13800138000",
        "13911112222",
        "11010519491231002X",
        "张三丰",
        "李四",
        "1502",
        "6222021234567890128",
        "a@b.com",
        "1.2.3.4",
    ):
        assert secret not in seen


def test_digest_and_labels_do_not_depend_on_the_home_but_tokens_do() -> None:
    one, two = made(ROW, salt="a"), made(ROW, salt="b")
    assert one.batch.applications["digest"].to_list() == two.batch.applications["digest"].to_list()
    assert one.batch.identifiers["label"].to_list() == two.batch.identifiers["label"].to_list()
    assert not set(one.batch.identifiers["token"]) & set(two.batch.identifiers["token"])


def test_equal_content_in_another_spelling_has_an_equal_digest() -> None:
    again = ROW | {
        "phone.1": "+86-13800138000",
        "monthly_income": "8200",
        "submitted_at": "2026/11/21 10:00",
        "name": " 张三丰 ",
    }
    other = ROW | {"monthly_income": "8201"}
    digests = made(ROW, again, other).batch.applications["digest"].to_list()
    assert digests[0] == digests[1] != digests[2]


def test_digest_tells_fields_apart() -> None:
    base = {"application_id": "A", "submitted_at": "2026-01-01"}
    rows = [base | {"channel": "x"}, base | {"status": "x"}, base | {"channel": "x", "status": "x"}, base]
    assert made(*rows).batch.applications["digest"].n_unique() == 4


def marks(prepared: Prepared, row: int = 0) -> dict[tuple[str, str], list[int | None]]:
    """(kind, role) -> marks of the row's links."""
    found: dict[tuple[str, str], list[int | None]] = {}
    for at, kind, role, _, mark in prepared.batch.links.iter_rows():
        if at == row:
            found.setdefault((KIND_OF_CODE[kind].name, ROLE_OF_CODE[role].name), []).append(mark)
    return found


def test_one_name_has_one_mark_in_every_role_and_in_every_spelling() -> None:
    named = ROW | {
        "phone.3": "13700000000",
        "reference.1.name": " 张三丰 ",
        "reference.2.name": "张三丰先生",
        "reference.2.phone": "13911113333",
        "reference.3.phone": "13911114444",
        "co_applicant.1.name": "张 三丰",
        "co_applicant.1.phone": "13911115555",
        "co_applicant.2.name": "李四",
        "co_applicant.2.phone": "13911116666",
    }
    prepared = made(named)
    found = marks(prepared)
    own = found["phone", "own"]
    (mine,) = set(own)
    assert len(own) == 2
    assert name_mark(token_number(prepared.batch.applications["name_token"])).tolist() == [mine]
    assert found["phone", "reference"] == [mine, mine, None]
    assert found["phone", "co_applicant"][0] == mine != found["phone", "co_applicant"][1]
    other = {mark for key, some in found.items() if key[0] != "phone" or key[1] == "work" for mark in some}
    assert other == {None}
    elsewhere = marks(made(named, salt="b"))
    assert elsewhere["phone", "own"][0] not in (None, mine)
    assert elsewhere["phone", "reference"] == [elsewhere["phone", "own"][0]] * 2 + [None]


@pytest.mark.parametrize("salt", ["a", "b", "c", "d"])
@pytest.mark.parametrize("rows", [1, 80])
def test_of_two_names_beside_one_phone_the_first_counts_in_every_home(salt: str, rows: int) -> None:
    """The smaller of two keyed marks would be another name's in another home."""
    base = ROW | {"application_id": "B", "reference.1.phone": None}
    one = base | {"reference.1.name": "王五", "reference.1.phone": "13922220000"}
    twice = base | {
        "reference.1.name": None,
        **{f"reference.{n}.phone": "13922220000" for n in (1, 2, 3)},
        "reference.2.name": "王五",
        "reference.3.name": "赵六",
    }
    prepared = made(*[one, twice] * rows, salt=salt)
    assert marks(prepared, 0)["phone", "reference"] == marks(prepared, 1)["phone", "reference"]
    assert len(marks(prepared, 2 * rows - 1)["phone", "reference"]) == 1


def test_another_name_of_a_reference_is_another_version() -> None:
    digests = made(ROW, ROW | {"reference.1.name": "李 四"}, ROW | {"reference.1.name": "李五"}).batch.applications
    first, spelled, renamed = digests["digest"].to_list()
    assert first == spelled != renamed


def test_names_of_references_are_marked_and_not_kept() -> None:
    prepared = made(ROW)
    assert "李四" not in prepared.vault["clear"].to_list()
    assert prepared.vault.filter(type="name")["clear"].to_list() == ["张三丰"]


def test_rows_that_cannot_be_applications_are_refused_with_a_reason() -> None:
    when = "2026-01-01"
    prepared = made(
        {"application_id": "A", "submitted_at": when},
        {"application_id": " ", "submitted_at": when},
        {"application_id": "1.2E+11", "submitted_at": when},
        {"application_id": "x" * 200, "submitted_at": when},
        {"application_id": "B", "submitted_at": None},
        {"application_id": "C", "submitted_at": "soon"},
        {"application_id": "D", "submitted_at": "2026-02-30"},
        {"application_id": "E", "submitted_at": when, "phone.1": "1.38E+10", "monthly_income": "words"},
    )
    assert prepared.kept.to_list() == [0, 7]
    assert prepared.batch.applications["seq"].to_list() == [7, 8]
    assert [(r, c) for r, c, _ in prepared.refused.iter_rows()] == [
        (1, "no_application_id"),
        (2, "application_id_unreadable"),
        (3, "application_id_unreadable"),
        (4, "no_submission_time"),
        (5, "submission_time_unreadable"),
        (6, "submission_time_impossible"),
    ]
    problems = {(f, c) for r, f, c in prepared.problems.iter_rows() if r == 7}
    assert problems == {("phone.1", "scientific_notation"), ("monthly_income", "unreadable")}


def test_a_column_nobody_knows_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(UsageError, match="shoe_size"):
        prepare(pl.DataFrame({"shoe_size": ["42"]}), CN, keys(), first_seq=0)


def test_dealers_without_id_go_by_name() -> None:
    base = {"application_id": "A", "submitted_at": "2026-01-01"}
    prepared = made(base | {"dealer_name": "Sunny Motors"}, base | {"dealer_name": "SUNNY MOTORS"})
    assert prepared.batch.identifiers["label"].to_list() == ["SUNNY MOTORS"]


COLUMNS = st.sampled_from([c for c in CANONICAL_COLUMNS if c not in {"application_id", "submitted_at"}])
RANDOM_ROWS = st.lists(st.dictionaries(COLUMNS, TEXTS, max_size=8), min_size=70, max_size=90)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(RANDOM_ROWS)
def test_one_row_at_a_time_equals_the_whole_file(drawn: list[dict[str, str]]) -> None:
    rows = [{"submitted_at": "2026-01-01", **row, "application_id": f"A{n}"} for n, row in enumerate(drawn)]
    names = [c for c in CANONICAL_COLUMNS if any(c in row for row in rows)]
    whole = prepare(frame(*rows).select(names), CN, keys(), first_seq=0)
    singles = [prepare(frame(row), CN, keys(), first_seq=n) for n, row in enumerate(rows)]
    assert pl.concat([s.batch.applications for s in singles]).rows() == whole.batch.applications.rows()
    identifiers = {r for s in singles for r in s.batch.identifiers.rows()}
    assert identifiers == set(whole.batch.identifiers.rows())
    links = {(n, *r[1:]) for n, s in enumerate(singles) for r in s.batch.links.rows()}
    assert links == set(whole.batch.links.rows())
    assert {r for s in singles for r in s.vault.rows()} == set(whole.vault.rows())
    assert sum(s.problems.height for s in singles) == whole.problems.height
