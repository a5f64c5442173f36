"""Mappings are checked when read, and proposed from headings and from values alone."""

import random
from pathlib import Path

import pytest

from graph.errors import InputRefused, UsageError
from ingest.companions import heading_score
from ingest.mapping import Mapping, propose, read_mapping
from ingest.source import SourceContext
from ingest.synthetic import write_book

GOOD = """
[source]
country = "US"
encoding = "GBK"
[columns]
application_id = "No"
submitted_at = "When"
phone = "Cell"
employer.name = "Company"
"reference.1.phone" = "Ref"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "book.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_mapping_is_read_with_the_defaults_of_its_country(tmp_path: Path) -> None:
    mapping = read_mapping(written(tmp_path, GOOD))
    assert mapping.context() == SourceContext("US", "USD", "America/New_York", "MDY")
    assert (mapping.encoding, mapping.format, mapping.kind) == ("gb18030", "csv", "applications")
    assert mapping.columns == {
        "application_id": "No",
        "submitted_at": "When",
        "phone.1": "Cell",
        "employer.name": "Company",
        "reference.1.phone": "Ref",
    }


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("application_id", "app", "app is no field"),
        ('application_id = "No"', "", "lacks application_id"),
        ('"Cell"', "7", "needs a heading"),
        ('phone = "Cell"', 'phone = "Cell"\n"phone.1" = "Other"', "mapped twice"),
        ('"US"', '"XX"', "country = 'XX'"),
        ('"US"', '"BR"', "lacks timezone"),
        ('"US"', '"AR"', "lacks currency"),
        ('country = "US"', 'currency = "XYZ"', "currency = 'XYZ'"),
        ('country = "US"', 'decimal = "x"', "decimal"),
        ('"GBK"', '"klingon"', "encoding 'klingon' is unknown"),
        ('"GBK"', '"utf-16"', "cannot be read"),
        ("[source]", "[sauce]", "two tables"),
        ("[columns]", '[columns]\ntimezone = "Mars"', "timezone is no field"),
        ('country = "US"', 'timezone = "Mars/Olympus"', "timezone 'Mars/Olympus'"),
        ('country = "US"', 'delimiter = "x"', "delimiter"),
        ('country = "US"', 'format = "sql"', "format = 'sql'"),
        ('country = "US"', "country = 3", "country is not a setting"),
        ("[columns]", "[columns", "no TOML"),
    ],
)
def test_a_wrong_mapping_is_refused_by_name(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(InputRefused, match=says.replace("[", r"\[")) as refusal:
        read_mapping(written(tmp_path, GOOD.replace(old, new, 1)))
    assert "book.toml" in refusal.value.where
    assert refusal.value.remedy


def test_a_missing_mapping_and_one_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="cannot read"):
        read_mapping(tmp_path / "none.toml")
    text = '[source]\nkind = "outcomes"\n[columns]\napplication_id = "a"\nevent = "b"\nevent_at = "c"\n'
    assert read_mapping(written(tmp_path, text)).kind == "outcomes"
    with pytest.raises(UsageError, match="outcomes, not applications"):
        read_mapping(written(tmp_path, text), "applications")


def truth(columns: dict[str, str]) -> dict[str, str]:
    """Field -> heading as the sample book's author meant them."""
    from ingest.synthetic.headings import HEADINGS

    known = {word: field for field, words in HEADINGS.items() for group in words for word in group}
    found = {}
    for field, heading in columns.items():
        mixed = (heading.partition(" ")[::2] if not heading.isascii() else ()) + (heading,)
        assert {known[part] for part in mixed if part in known} == {field}, (field, heading)
        found[field] = heading
    return found


@pytest.mark.parametrize(("locale", "seed"), [("zh", 1), ("en", 2), ("mixed", 3)])
def test_the_sample_book_is_mapped_whole(tmp_path: Path, locale: str, seed: int) -> None:
    book = write_book(tmp_path, applications=600, seed=seed, locale=locale, headings="varied")
    proposal = propose(book.applications)
    assert len(truth(proposal.mapping.columns)) >= 44
    assert len(proposal.unmapped) == 1  # the remarks
    assert proposal.mapping.country == ("US" if locale == "en" else "CN")
    assert all(guess.confidence >= 0.8 for guess in proposal.guesses)
    again = read_mapping(written(tmp_path, proposal.toml()))
    assert again == proposal.mapping
    outcomes = propose(book.outcomes, "outcomes").mapping
    assert set(outcomes.columns) == {"application_id", "event", "event_at", "known_at"}


NEEDED = (
    "application_id",
    "submitted_at",
    "name",
    "national_id",
    "phone.1",
    "address",
    "employer.name",
    "vin",
    "bank_account",
)


@pytest.mark.parametrize(("locale", "least"), [("zh", 9), ("en", 8)])
def test_meaningless_headings_still_map_by_their_values(tmp_path: Path, locale: str, least: int) -> None:
    book = write_book(tmp_path, applications=500, seed=5, locale=locale)
    meant = propose(book.applications).mapping
    encoding = meant.encoding or "utf-8"
    first, _, rest = book.applications.read_bytes().partition(b"\n")
    headings = first.decode(encoding).strip().split(",")
    path = tmp_path / "blind.csv"
    path.write_bytes(",".join(f"F{n:02d}" for n in range(len(headings))).encode() + b"\n" + rest)
    blind = propose(path)
    back = {f"F{n:02d}": heading for n, heading in enumerate(headings)}
    right = [name for name in NEEDED if back.get(blind.mapping.columns.get(name, "")) == meant.columns[name]]
    assert len(right) >= least, (right, blind.toml())
    assert {g.how for g in blind.guesses} == {"value"}
    references = [c for c in blind.mapping.columns if c.startswith("reference.") and c.endswith(".phone")]
    assert references


def test_columns_in_any_order_map_alike(tmp_path: Path) -> None:
    book = write_book(tmp_path, applications=500, seed=6, locale="zh")
    mapping = propose(book.applications).mapping
    text = book.applications.read_bytes().decode("gb18030", errors="ignore")
    rows = [line.split(",") for line in text.splitlines() if '"' not in line]
    rows = [row for row in rows if len(row) == len(rows[0])]
    order = list(range(len(rows[0])))
    random.Random(1).shuffle(order)
    path = tmp_path / "shuffled.csv"
    path.write_text("\n".join(",".join(row[n] for n in order) for row in rows), encoding="utf-8")
    assert propose(path).mapping.columns == mapping.columns


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("紧急联系人二手机", "reference.2.phone"),
        ("emergency_contact_1_phone", "reference.1.phone"),
        ("共借人身份证号码", "co_applicant.1.national_id"),
        ("ApplicantName", "name"),
        ("phone_2", "phone.2"),
        ("单位座机", "employer.phone"),
        ("EMPLOYER NAME", "employer.name"),
        ("reference.3.relation", "reference.3.relation"),
    ],
)
def test_headings_name_their_field_best(heading: str, column: str) -> None:
    from graph.schema import CANONICAL_COLUMNS

    assert max(CANONICAL_COLUMNS, key=lambda c: heading_score(heading, c)) == column


def test_a_value_of_another_kind_outweighs_the_heading(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    rows = "".join(f"A{n},2026-01-01,1391111{n:04d},x@y{n}.com\n" for n in range(50))
    path.write_text("申请编号,申请时间,电子邮箱,手机号\n" + rows, encoding="utf-8")
    columns = propose(path).mapping.columns
    assert columns["phone.1"] == "电子邮箱"
    assert columns["email"] == "手机号"


def test_what_is_missing_and_left_over_is_said(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text('手机号,"奇""怪\n"\n' + "".join(f"139111100{n:02d},好\n" for n in range(30)), encoding="gb18030")
    proposal = propose(path)
    assert "# application_id" in proposal.toml()
    assert "REQUIRED" in proposal.toml()
    assert proposal.missing() == ("application_id", "submitted_at")
    assert proposal.toml().splitlines()[2].startswith("# LOOK: no column looks like application_id")
    with pytest.raises(InputRefused, match="no column looks like application_id or submitted_at") as refusal:
        proposal.usable()
    assert "--mapping" in refusal.value.remedy
    assert proposal.unmapped == ('奇"怪',)
    with pytest.raises(InputRefused, match="lacks application_id"):
        read_mapping(written(tmp_path, proposal.toml()))


def test_what_is_not_sure_is_shown_before_anything_else(tmp_path: Path) -> None:
    path = tmp_path / "vague.csv"
    rows = "".join(f"K{n:03d},P{n * 7 % 101:03d},2026-01-{n % 28 + 1:02d},1391111{n:04d}\n" for n in range(60))
    path.write_text("申请编号,进件编号,申请时间,甲\n" + rows, encoding="utf-8")
    proposal = propose(path)
    columns = {guess.column: guess for guess in proposal.guesses}
    assert columns["application_id"].rival == "进件编号"
    assert columns["application_id"].confidence < 0.8
    doubts = "\n".join(proposal.doubts())
    assert 'application_id = "申请编号"' in doubts
    assert '"进件编号" fits nearly as well' in doubts
    assert "submitted_at" not in doubts
    assert proposal.toml().index("# LOOK: application_id") < proposal.toml().index("[source]")
    assert proposal.usable() == proposal.mapping == read_mapping(written(tmp_path, proposal.toml()))


def test_a_heading_that_needs_escapes_survives(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f"A{n},2026-01-{n % 28 + 1:02d},1391111{n:04d}\n" for n in range(40))
    path.write_text('"编""号\\",申请时间,"手机\t[号]#"\n' + rows, encoding="utf-8")
    proposal = propose(path)
    assert read_mapping(written(tmp_path, proposal.toml())) == proposal.mapping
    assert proposal.mapping.columns["application_id"] == '编"号\\'


def test_an_unknown_kind_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="dealers"):
        propose(tmp_path / "x.csv", "dealers")


def test_the_digest_follows_what_is_said_not_how() -> None:
    one, two = Mapping({"a": "x", "b": "y"}, path="p"), Mapping({"b": "y", "a": "x"}, path="q")
    assert one.digest() == two.digest() != Mapping({"a": "x"}).digest()
