"""Outcomes, watch-lists and registries: cleaned like applications, counted like applications."""

from pathlib import Path

import polars as pl

from ingest.load import LoadReport, load_file
from ingest.mapping import propose
from ingest.prepare import SourceContext, prepare
from tests.ingest.fakes import FakeAccounts, FakeFacts, FakeQuarantine, FakeStore, FakeVault, keys

WATCHLIST_REASONS = {
    "watchlist_kind_unknown": 1,
    "watchlist_time_unreadable": 2,
    "watchlist_value_unreadable": 1,
}


def load(path: Path, kind: str, facts: FakeFacts, quarantine: FakeQuarantine | None = None) -> LoadReport:
    return load_file(
        path,
        propose(path, kind).mapping,
        kind=kind,
        keys=keys(),
        accounts=FakeAccounts(),
        quarantine=quarantine or FakeQuarantine(),
        vault=FakeVault(),
        store=FakeStore(),
        facts=facts,
        batch_size=3,
    )


def written(folder: Path, text: str) -> Path:
    path = folder / "facts.csv"
    path.write_text(text, encoding="gb18030")
    return path


def test_outcomes(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "申请编号,结果,发生时间,获知时间\nA1,确认欺诈,2026-03-01,2026-04-01\nA2,FPD,2026-03-02,\nA3,结清,20260303,\nA3,结清,20260303,\n"
        "A4,谁知道,2026-03-01,\n,核销,2026-03-01,\nA5,核销,2026-02-30,\nA6,cleared\nA7,正常,2026-03-01,改天\n",
    )
    facts, quarantine = FakeFacts(), FakeQuarantine()
    report = load(path, "outcomes", facts, quarantine)
    assert (report.read, report.loaded, report.duplicate, report.quarantined) == (9, 4, 1, 4)
    assert report.reasons == {
        "event_time_unreadable": 1,
        "event_unknown": 1,
        "no_application_id": 1,
        "ragged_row": 1,
    }
    assert report.problems["known_at"] == {"unreadable": 1}
    by_id = {row[0]: row[1:] for row in facts.outcomes}
    assert by_id["A1"] == ("confirmed_fraud", 1_772_294_400_000_000, 1_774_972_800_000_000)
    assert by_id["A2"][0] == "first_payment_default"
    assert by_id["A2"][1] == by_id["A2"][2]
    assert sorted(row.first_line for row in quarantine.rows.values()) == [6, 7, 8, 9]
    again = load(path, "outcomes", facts)
    assert (again.loaded, again.duplicate, again.quarantined) == (0, 5, 4)


def test_a_watch_list_meets_the_applications_by_token(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "类型,内容,原因,加入时间,到期时间\n手机号,+86 138-0013-8000,欺诈,2026-01-01,2027-01-01\n"
        "身份证,110105491231002,欺诈,2026-01-01,\n"
        "VIN,1hgcm82633a004352,,2026-01-01,\n地址,北京朝阳区建国路88号院3栋2单元1502,,2026-01-01,\n"
        "指纹,xx,,2026-01-01,\n手机号,1.38E+10,,2026-01-01,\n手机号,13900139000,,,\n手机号,13900139001,,改天,\n",
    )
    facts = FakeFacts()
    report = load(path, "watchlist", facts)
    assert (report.loaded, report.reasons) == (4, WATCHLIST_REASONS)
    row = {
        "application_id": "A",
        "submitted_at": "2026-01-01",
        "phone.1": "１３８００１３８０００",
        "national_id": "11010519491231002X",
        "vin": "1HGCM82633A004352",
        "address": "北京市朝阳区建国路88号院3号楼2单元1502室",
    }
    used = set(prepare(pl.DataFrame([row]), SourceContext(), keys(), first_seq=0).batch.links["token"])
    assert {token for _, token, *_ in facts.watchlist} == used
    assert {kind for kind, *_ in facts.watchlist} == {"phone", "national_id", "vehicle", "address"}


def test_an_employer_registry(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "单位名称,统一社会信用代码,电话,地址,参保人数\n上海闪光有限公司,91310000MA1FL0AB12,021-65529988,上海市黄浦区人民路1号,35人\n"
        "闪光（上海）有限公司,,,,很多\n,x,,,\n",
    )
    facts = FakeFacts()
    report = load(path, "employers", facts)
    assert (report.loaded, report.reasons) == (2, {"employer_name_missing": 1})
    assert report.problems["insured_heads"] == {"unreadable": 1}
    first, second = sorted(facts.employers, key=lambda row: str(row[5]))
    assert first[0] != second[0]
    assert first[1] == second[1]
    assert {first[5], second[5]} == {35, None}
    row = {"application_id": "A", "submitted_at": "2026-01-01", "employer.name": "上海 闪光 有限公司"}
    links = prepare(pl.DataFrame([row]), SourceContext(), keys(), first_seq=0).batch.links
    assert links["token"].item() in {first[0], second[0]}
