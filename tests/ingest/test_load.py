"""A load loses nothing, explains every record it sets aside, and changes nothing when it is run again."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.errors import InputRefused, UsageError
from ingest import files, records
from ingest.load import LoadReport, load_file
from ingest.mapping import Mapping, propose
from tests.ingest.fakes import FakeAccounts, FakeFacts, FakeQuarantine, FakeStore, FakeVault, keys

PLAIN = Mapping({"application_id": "id", "submitted_at": "at", "phone.1": "phone"})


@dataclass
class Home:
    """The in-memory ledger, stores and keys of one installation."""

    salt: str = "a"
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    quarantine: FakeQuarantine = field(default_factory=FakeQuarantine)
    vault: FakeVault = field(default_factory=FakeVault)
    store: FakeStore = field(default_factory=FakeStore)
    facts: FakeFacts = field(default_factory=FakeFacts)

    def load(self, path: Path, mapping: Mapping, **options: Any) -> LoadReport:
        ports = {n: getattr(self, n) for n in ("accounts", "quarantine", "vault", "store", "facts")}
        return load_file(path, mapping, kind=mapping.kind, keys=keys(self.salt), **ports, **options)

    def content(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        """What the store holds, without tokens."""
        hidden = {"name_token", "surname_token", "name_birth_token"}
        return {k: tuple(v for n, v in row.items() if n not in hidden) for k, row in self.store.versions.items()}


def write(folder: Path, data: bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


HEADINGS = "进单流水,报单时刻,主贷人,公民身份号,移动电话,居所,供职企业,每月进账,车身号码,拟贷数额,说明"


def horrors() -> bytes:
    """A lender's export as it comes: GB18030, headings nobody has seen, and every kind of damage in it."""
    cities = (("北京市", "110105"), ("上海市", "310101"))
    good = []
    for n, name in enumerate("王李张刘陈杨黄赵" * 5):
        city, region = cities[n % 2]
        person = f"{name}{'伟芳娜敏静'[n % 5]},{region}19{70 + n % 25}0{1 + n % 9}1{n % 9}{n:03d}{n % 10}"
        phone = f"13{n % 10}{(n + 1) * 7919 % 10**8:08d}"
        address, employer = f"{city}朝阳区建国路{n}号{n % 7 + 1}号楼{n}室", f"{city}闪光{n % 6}有限公司"
        when = f"2026-0{1 + n % 9}-1{n % 9} 10:0{n % 9}:00"
        money = f"{5000 + n * 100},LSVAU2180N2{n:06d},{50000 + n}"
        good.append(f"JD{n:05d},{when},{person},{phone},{address},{employer},{money},普通")
    odd = [
        "JD90001,２０２６年３月１日,张　三,11010519491231002X,１３８００１３８０００,北京市,无,８２００,,,全角数字",
        'JD90002,2026/3/1 9:05,李四,110105491231002,1.38E+10,上海市,"公司, 某某","8,200.00",,,"两\n行"',
        "JD90003,20260301,王五,110105194912310021,138****8000,x,y,面议,,,坏校验位",
        "JD90004,01.03.2026,=cmd|' /C calc'!A0,,13911112222,<script>alert(1)</script>,"
        "a'); MATCH (n) DETACH DELETE n //,-5,,,公式",
        "JD90005,46082.5,<b>粗</b>,1.10E+17,+86 138-0013-8000,,,(300),,,",
        'JD90006,2026-03-01,"引""号",,,,,,,,',
        "JD90001,２０２６年３月１日,张　三,11010519491231002X,１３８００１３８０００,北京市,无,８２００,,,全角数字",
        "JD90001,2026年3月1日,张三,11010519491231002X,13800138000,北京市朝阳区,无,8200,,,改过地址",  # a newer version
    ]
    bad = [
        ",2026-03-01,没有编号,,,,,,,,",
        "   ,2026-03-01,空格编号,,,,,,,,",
        "JD91001,,没有时间,,,,,,,,",
        "JD91002,2026-02-30,没有的日子,,,,,,,,",
        "JD91003,不久,读不懂,,,,,,,,",
        "JD91004,2026-03-01,短行",
        "JD91005,2026-03-01,长行,,,,,,,,,,",
        'JD91006,2026-03-01,"没有关,,,,,,,,',
        'JD91007,2026-03-01,"引号"后面,,,,,,,,',
        "1.2E+11,2026-03-01,编号成了科学计数,,,,,,,,",
    ]
    lines = [HEADINGS, *good[:20], *odd, *bad[:5], *good[20:], *bad[5:]]
    data = [line.encode("gb18030") for line in lines]
    data.insert(10, b"JD92001,2026-03-01,\x00nul,,,,,,,,")
    data.insert(15, b"JD92002,2026-03-01,\xff\xff\x80,,,,,,,,")
    data.insert(20, b"JD92003,2026-03-01,half \x81")
    return b"\r\n".join(data) + b"\r\n"


EXPECTED_REASONS = {
    "no_application_id": 2,
    "no_submission_time": 1,
    "submission_time_impossible": 1,
    "submission_time_unreadable": 1,
    "ragged_row": 2,
    "unclosed_quote": 1,
    "text_after_closing_quote": 1,
    "application_id_unreadable": 1,
    "nul_byte": 1,
    "undecodable_bytes": 2,
}


def test_a_gb18030_file_full_of_horrors_loads_by_a_proposed_mapping(tmp_path: Path) -> None:
    path = write(tmp_path, horrors())
    mapping = propose(path).mapping
    assert mapping.encoding == "gb18030"
    assert {
        c: mapping.columns.get(c)
        for c in ("application_id", "submitted_at", "name", "national_id", "phone.1", "address", "vin")
    } == {
        "application_id": "进单流水",
        "submitted_at": "报单时刻",
        "name": "主贷人",
        "national_id": "公民身份号",
        "phone.1": "移动电话",
        "address": "居所",
        "vin": "车身号码",
    }
    assert mapping.columns["employer.name"] == "供职企业"
    home = Home()
    first = home.load(path, mapping)
    assert first.reasons == EXPECTED_REASONS
    assert (first.read, first.loaded, first.updated, first.duplicate, first.quarantined) == (61, 47, 1, 1, 13)
    assert first.problems["phone.1"] == {"masked_value": 1, "scientific_notation": 1}
    lines = path.read_bytes().split(b"\n")
    for row in home.quarantine.rows.values():
        assert row.raw.strip(b"\r\n") in b"\n".join(lines[row.first_line - 1 : row.last_line])
        assert row.code in EXPECTED_REASONS
    before, stored = home.content(), dict(home.quarantine.rows)
    second = home.load(path, mapping, batch_size=7)
    assert (second.loaded, second.duplicate, second.quarantined) == (
        0,
        first.loaded + first.duplicate,
        first.quarantined,
    )
    assert second.reasons == first.reasons
    assert home.content() == before
    assert home.quarantine.rows == stored


def test_what_the_odd_rows_became(tmp_path: Path) -> None:
    path = write(tmp_path, horrors())
    home = Home()
    home.load(path, propose(path).mapping)
    by_id = {key[0]: row for key, row in home.store.versions.items()}
    assert by_id["JD90001"]["birth_year"] == 1949
    assert by_id["JD90003"]["id_check"] == "bad"
    assert by_id["JD90002"]["event_at"] == 1_772_327_100_000_000
    phones = {clear for (kind, _), clear in home.vault.items.items() if kind == "phone"}
    assert "+8613800138000" in phones
    names = {clear for (kind, _), clear in home.vault.items.items() if kind == "name"}
    assert {"=CMD|' /C CALC'!A0", "<B>粗</B>", '引"号'} <= names


@pytest.mark.parametrize("size", [1, 3, 50])
def test_the_batch_size_does_not_matter(tmp_path: Path, size: int) -> None:
    path = write(tmp_path, horrors())
    mapping = propose(path).mapping
    small, large = Home(), Home(salt="b")
    reports = [small.load(path, mapping, batch_size=size), large.load(path, mapping, batch_size=10_000)]
    counted = [replace(r, load_id="", seconds=0.0) for r in reports]
    assert counted[0] == counted[1]
    assert small.content() == large.content()
    assert [row["seq"] for row in small.store.versions.values()] == [
        row["seq"] for row in large.store.versions.values()
    ]
    assert small.quarantine.rows == large.quarantine.rows


@pytest.mark.parametrize("block", [64, 1000])
def test_the_size_of_blocks_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    path = write(tmp_path, horrors())
    mapping = propose(path).mapping
    whole, pieces = Home(), Home()
    whole.load(path, mapping)
    monkeypatch.setattr(records, "BLOCK_BYTES", block)
    report = pieces.load(path, mapping)
    assert report.reasons == EXPECTED_REASONS
    assert pieces.content() == whole.content()


ANY_LINE = st.one_of(
    st.binary(max_size=40).filter(lambda b: b"\n" not in b),
    st.sampled_from(
        [
            b"A1,2026-01-01,13800138000",
            b"A2,2026-01-01,",
            b'A3,2026-01-01,"x',
            b'"A4","2026-01-01","y\nz"',
            b",,",
            b"A5,x,y",
        ]
    ),
    st.builds(lambda n, p: f"B{n},2026-03-0{n % 9 + 1},{p}".encode(), st.integers(0, 20), st.integers(0, 10**11)),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(lines=st.lists(ANY_LINE, max_size=30), size=st.integers(1, 40))
def test_generated_dirty_files_balance_and_repeat(tmp_path: Path, lines: list[bytes], size: int) -> None:
    path = write(tmp_path, b"id,at,phone\n" + b"\n".join(lines))
    mapping = replace(PLAIN, encoding="gb18030")
    home = Home()
    try:
        first = home.load(path, mapping, batch_size=size)
    except InputRefused:
        assert home.store.versions == {}
        return
    assert first.read == first.loaded + first.duplicate + first.quarantined
    assert first.quarantined == sum(first.reasons.values())
    assert first.loaded == len(home.store.versions)
    before = home.content()
    again = home.load(path, mapping)
    assert (again.read, again.loaded, again.quarantined) == (first.read, 0, first.quarantined)
    assert home.content() == before


def test_progress_counts_records_and_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, b"id,at,phone\n" + b"A,2026-01-01,\n" * 25)
    seen: list[tuple[int, int, int]] = []
    Home().load(path, PLAIN, batch_size=10, progress=lambda *told: seen.append(told))
    assert [told[0] for told in seen] == [10, 20, 25]
    assert seen[-1][1] == seen[-1][2] == path.stat().st_size


def test_nothing_but_headings_is_a_load_of_nothing(tmp_path: Path) -> None:
    report = Home().load(write(tmp_path, b"id,at,phone"), PLAIN)
    assert (report.read, report.loaded) == (0, 0)


@pytest.mark.parametrize(
    ("data", "change", "says"),
    [
        (b"", {}, "empty"),
        (b"PK\x03\x04xxxx", {}, "zip or Excel"),
        (b"id,at\nA,2026-01-01\n", {}, "heading 'phone' of field phone.1 is missing"),
        (b"id,at,phone,phone\nA,2026-01-01,1,2\n", {}, "more than once"),
        (
            "id,at,phone,姓\n".encode() + "A,2026-01-01,1,王小明\n".encode() * 9,
            {"encoding": "gb18030"},
            "declared encoding gb18030",
        ),
        (
            "id,at,phone,姓\n".encode("gb18030") + "A,2026-01-01,1,王小明\n".encode("gb18030") * 9,
            {"encoding": "utf-8"},
            "declared encoding utf-8",
        ),
        ("id,at,phone\n".encode("utf-16"), {}, "UTF-16"),
        (b"id,at,phone\x00\n", {}, "NUL"),
        (b'id,at,"phone\n' + b"x\n" * 40, {}, "unclosed quote"),
        (b"id,at,phone\n" + b"x" * (3 << 20), {}, "longer than"),
        (b"id,at,phone" + b",x" * 5000, {}, "columns"),
        (b'{"id": 1}\n', {}, "no CSV file"),
        (b"id,at,phone\n", {"format": "parquet"}, "this is csv"),
        (b"id,at,phone\n", {"format": "jsonl"}, "no JSON-lines"),
        (b"PAR1 broken", {"format": "parquet"}, "no Parquet file"),
        (b'{"id": "A"}\n', {"format": "jsonl"}, "key 'at'"),
    ],
)
def test_a_file_that_cannot_be_what_the_mapping_says_is_refused(
    tmp_path: Path, data: bytes, change: dict[str, str], says: str
) -> None:
    home = Home()
    path = write(tmp_path, data)
    with pytest.raises(InputRefused, match=says) as refusal:
        home.load(path, replace(PLAIN, **change))
    assert refusal.value.remedy
    assert "a.csv" in refusal.value.where
    assert home.accounts.loads == {}


def test_no_file_and_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="No such file"):
        Home().load(tmp_path / "nowhere.csv", PLAIN)
    with pytest.raises(InputRefused, match="not a file"):
        Home().load(tmp_path, PLAIN)
    with pytest.raises(UsageError, match="batch"):
        Home().load(write(tmp_path, b"id,at,phone\n"), PLAIN, batch_size=0)


def csv_rows() -> list[dict[str, Any]]:
    return [{"id": f"A{n}", "at": "2026-01-02 03:04:05", "phone": f"138001380{n:02d}"} for n in range(20)]


def as_csv(folder: Path) -> Path:
    rows = csv_rows()
    text = "id,at,phone\n" + "".join(",".join(r.values()) + "\n" for r in rows)
    return write(folder, b"\xef\xbb\xbf" + text.encode(), "a.csv")


def as_json(folder: Path) -> Path:
    lines = [json.dumps(r | {"phone": int(r["phone"])}) for r in csv_rows()]
    return write(folder, "\n".join(lines).encode(), "a.jsonl")


def as_parquet(folder: Path) -> Path:
    buffer = io.BytesIO()
    frame = pl.DataFrame(csv_rows()).with_columns(
        pl.col("phone").cast(pl.Float64), pl.col("at").str.to_datetime("%Y-%m-%d %H:%M:%S")
    )
    frame.write_parquet(buffer)
    return write(folder, buffer.getvalue(), "a.parquet")


@pytest.mark.parametrize(("form", "make"), [("csv", as_csv), ("jsonl", as_json), ("parquet", as_parquet)])
def test_three_formats_give_one_book(tmp_path: Path, form: str, make: Callable[[Path], Path]) -> None:
    plain, home = Home(), Home()
    plain.load(as_csv(tmp_path), PLAIN)
    path = make(tmp_path)
    report = home.load(path, replace(PLAIN, format=form))
    assert (report.read, report.loaded) == (20, 20)
    assert home.content() == plain.content()
    assert propose(path).mapping.format == form


def test_bad_lines_of_json(tmp_path: Path) -> None:
    lines = [
        b'{"id": "A", "at": "2026-01-01"}',
        b"",
        b"nonsense",
        b"[1]",
        b'{"id": 1, "id": 2}',
        b'{"id": "B", "at": NaN}',
        b'{"id": "\\ud800", "at": "2026-01-01"}',
        b'{"id": "\xff"}',
        b'{"id": ' * 50 + b"1" + b"}" * 50,
        b'{"at": "2026-01-01"}',
        b'{"id": 12345678901234567890, "at": "2026-01-01", "phone": 1.38E+10}',
    ]
    home = Home()
    report = home.load(write(tmp_path, b"\n".join(lines)), replace(PLAIN, format="jsonl"))
    assert (report.read, report.loaded, report.quarantined) == (10, 2, 8)
    assert report.reasons == {
        "duplicate_json_key": 1,
        "no_application_id": 1,
        "not_a_json_object": 4,
        "undecodable_bytes": 2,
    }
    assert report.problems == {"phone.1": {"scientific_notation": 1}}
    assert "12345678901234567890" in {key[0] for key in home.store.versions}


def test_parquet_that_cannot_be_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"id": [["a"]], "at": ["2026-01-01"], "phone": [1]}).write_parquet(path)
    with pytest.raises(InputRefused, match="nested or binary"):
        Home().load(path, replace(PLAIN, format="parquet"))


def test_a_kill_between_store_and_account_leaves_no_trace_after_the_next_run(tmp_path: Path) -> None:
    path = as_csv(tmp_path)
    home = Home()

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    record = home.accounts.record
    home.accounts.record = die  # type: ignore[method-assign,assignment]
    with pytest.raises(Killed):
        home.load(path, PLAIN, batch_size=5)
    home.accounts.record = record  # type: ignore[method-assign]
    report = home.load(path, PLAIN, batch_size=5)
    assert (report.read, report.loaded, report.duplicate) == (20, 15, 5)
    clean = Home()
    clean.load(path, PLAIN)
    assert {k[0] for k in home.store.versions} == {k[0] for k in clean.store.versions}


def test_samples_are_taken_from_all_over_a_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "HEAD_BYTES", 200)
    monkeypatch.setattr(files, "WINDOW_BYTES", 100)
    path = write(tmp_path, b"id,at,phone\n" + b"A,2026-01-01,1\n" * 100 + "A,2026-01-01,王\n".encode() * 100)
    sample = files.sample_lines(path)
    assert "王".encode() in sample
    assert all(line.startswith((b"A,", b"id")) for line in sample.split(b"\n") if line)


def _german(count: int) -> bytes:
    rows = "".join(f"{n},2026-03-01 10:{n:02d},0171/{8929600 + n},13800138{n:03d},1.{n:03d}\n" for n in range(count))
    return ("id,at,phone,other,income\n" + rows).encode()


GERMAN = {
    "application_id": "id",
    "submitted_at": "at",
    "phone.1": "phone",
    "phone.2": "other",
    "monthly_income": "income",
}


@pytest.mark.parametrize("size", [7, 5_000])
def test_a_column_that_cannot_be_read_is_never_lost_in_silence(tmp_path: Path, size: int) -> None:
    report = Home().load(write(tmp_path, _german(20)), Mapping(GERMAN, country="CN"), batch_size=size)
    (column,) = report.unread
    assert (column.field, column.heading, column.present, column.lost, column.share) == (
        "phone.1",
        "phone",
        20,
        20,
        1.0,
    )
    assert (column.codes, column.shapes) == ({"unreadable": 20}, ("0000/0000000",))
    assert "100% of phone.1 (phone)" in column.told()
    assert "country = 'CN'" in column.remedy
    assert "8929" not in column.told()


def test_the_same_book_by_its_own_country_is_whole(tmp_path: Path) -> None:
    mapping = Mapping(
        {name: heading for name, heading in GERMAN.items() if heading != "other"},
        country="DE", currency="EUR", timezone="Europe/Berlin", date_order="DMY",
    )  # fmt: skip
    report = Home().load(write(tmp_path, _german(20)), mapping)
    assert (report.loaded, report.problems, report.unread) == (20, {}, ())


def test_a_few_bad_values_and_masked_ones(tmp_path: Path) -> None:
    rows = "".join(f"{n},2026-03-01,{'138****8000' if n % 2 else f'138001380{n:02d}'}\n" for n in range(20))
    report = Home().load(write(tmp_path, b"id,at,phone\n" + rows.encode()), PLAIN)
    assert [(c.lost, c.remedy) for c in report.unread] == [(10, "the export hides them: ask for one in clear")]
    few = "".join(f"{n},2026-03-01,{'138****8000' if n < 6 else f'138001380{n:02d}'}\n" for n in range(20))
    assert Home().load(write(tmp_path, b"id,at,phone\n" + few.encode(), "b.csv"), PLAIN).unread == ()
