"""The sample book: repeatable, messy as promised, rings and twins in place, and nothing that gives fraud away."""

import csv
import hashlib
import io
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stdnum import luhn
from stdnum.cn import ric

from benchmarks import selftest_book
from graph.errors import UsageError
from ingest.synthetic import INNOCENTS, RINGS, BookFiles, Knobs, files, naming, write_book
from ingest.synthetic.headings import HEADINGS, heading
from ingest.synthetic.knobs import LEVELS
from ingest.synthetic.plan import make_plan
from ingest.synthetic.pools import Within, choose, hashed
from ingest.synthetic.world import World

BOOK = 6_000


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> BookFiles:
    return write_book(tmp_path_factory.mktemp("zh"), applications=BOOK, seed=11, fraud_rate=0.05)


@pytest.fixture(scope="module")
def truth(book: BookFiles) -> pl.DataFrame:
    return pl.read_csv(book.truth, infer_schema=False)


def records(made: BookFiles) -> list[list[str]]:
    """Physical records by the standard library's reader, the heading first."""
    text = made.applications.read_bytes().decode(made.encoding, errors="replace")
    return list(csv.reader(io.StringIO(text, newline="")))


def clean(made: BookFiles, locale: str = "zh") -> pl.DataFrame:
    """Whole records as a frame with canonical names."""
    head, *rows = records(made)
    names = {heading(name, locale): name for name in HEADINGS}
    whole = [row for row in rows if len(row) == len(head) and "�" not in "".join(row)]
    return pl.DataFrame(whole, schema=[names[h] for h in head], orient="row")


def _files(made: BookFiles) -> tuple[Path, ...]:
    return made.applications, made.outcomes, made.employers, made.truth, made.groups


def digest(made: BookFiles) -> list[str]:
    return [hashlib.sha256(p.read_bytes()).hexdigest() for p in _files(made)]


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    first = write_book(tmp_path / "a", applications=700, seed=3)
    again = write_book(tmp_path / "b", applications=700, seed=3)
    other = write_book(tmp_path / "c", applications=700, seed=4)
    assert digest(first) == digest(again)
    assert digest(first)[0] != digest(other)[0]


def test_bytes_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    here = write_book(tmp_path / "here", applications=400, seed=3)
    code = "import sys, pathlib; from ingest.synthetic import write_book;"
    code += "write_book(pathlib.Path(sys.argv[1]), applications=400, seed=3)"
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "there")], check=True, env=environment, cwd=root)
    assert (tmp_path / "there/applications.csv").read_bytes() == here.applications.read_bytes()


def test_bytes_do_not_depend_on_the_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write_book(tmp_path / "a", applications=3_000, seed=5, mess=3)
    monkeypatch.setattr(files, "CHUNK", 701)
    parts = write_book(tmp_path / "b", applications=3_000, seed=5, mess=3)
    assert whole.broken > 0
    assert digest(whole) == digest(parts)


def test_records_are_as_many_as_said(book: BookFiles) -> None:
    rows = records(book)[1:]
    assert len(rows) == book.records == book.count + book.repeated + book.resubmitted + book.broken
    whole = clean(book)
    assert len(whole) == book.records - book.broken
    assert whole["application_id"].n_unique() == book.count
    assert len(whole) - len(whole.unique()) == book.repeated > 0
    assert book.resubmitted > 0


def test_an_older_version_is_older(book: BookFiles) -> None:
    versions = clean(book).unique().group_by("application_id").agg("updated_at", "status")
    several = versions.filter(pl.col("updated_at").list.len() > 1)
    assert len(several) == book.resubmitted
    assert several["updated_at"].list.n_unique().to_list() == [2] * len(several)


def test_truth_names_every_typology_and_class_and_lies_apart(book: BookFiles, truth: pl.DataFrame) -> None:
    assert book.truth.parent != book.applications.parent
    assert sorted(truth["application_id"]) == sorted(clean(book)["application_id"].unique())
    fraud = truth.filter(pl.col("ring_id").is_not_null())
    assert set(fraud["typology"]) == {k.name for k in RINGS}
    innocent = set(truth.filter(pl.col("ring_id").is_null())["typology"]) - {None}
    assert innocent == {k.name for k in INNOCENTS} | {"dealer_tablet"}
    assert 0.045 * BOOK <= len(fraud) <= 0.05 * BOOK
    sizes = fraud.group_by("ring_id").len()["len"]
    assert sizes.is_between(3, 40).all()
    assert fraud.group_by("ring_id").agg(pl.col("typology").n_unique())["typology"].max() == 1


def test_twins_are_at_least_as_many_as_each_typology(truth: pl.DataFrame) -> None:
    counts = truth.group_by("typology", pl.col("ring_id").is_null().alias("honest")).len()
    fraud = counts.filter(~pl.col("honest"))["len"]
    honest = counts.filter(pl.col("honest") & pl.col("typology").is_not_null())["len"]
    assert float(honest.mean()) >= float(fraud.mean())  # type: ignore[arg-type]


def test_the_mess_is_there(book: BookFiles) -> None:
    frame = clean(book)
    phones, ids, money = frame["phone.1"], frame["national_id"], frame["vehicle_price"]
    forms = {
        "+86": phones, "0086": phones, "-": phones, " ": phones, "[０-９]": phones, "[xX]$": ids, "^.{15}$": ids,
        "万$": money, "[¥￥]": money, ",": money, "^$": frame["email"], "\n": frame["remark"], '"': frame["remark"],
        "有限责任公司": frame["employer.name"], r"[(（]": frame["employer.name"], "年": frame["submitted_at"],
        "/": frame["submitted_at"], "T": frame["submitted_at"],
    }  # fmt: skip
    for form, column in forms.items():
        literal = form in ("+86",)
        assert column.str.contains(form, literal=literal).any(), form
    assert frame["submitted_at"].str.slice(0, 10).to_list() != sorted(frame["submitted_at"].str.slice(0, 10))


def test_chinese_numbers_have_right_check_digits(book: BookFiles) -> None:
    frame = clean(book)
    ids = frame.filter(pl.col("national_id").str.contains("^[0-9]{17}[0-9X]$"))["national_id"].head(300)
    assert len(ids) == 300
    assert all(ric.calc_check_digit(x) == x[-1] for x in ids)
    cards = frame["bank_account"].str.replace_all(" ", "").filter(frame["bank_account"] != "").head(300)
    assert all(luhn.is_valid(x) for x in cards)


def test_rings_share_what_their_typology_says(book: BookFiles, truth: pl.DataFrame) -> None:
    fraud = clean(book).unique("application_id", keep="first", maintain_order=True).join(truth, on="application_id")
    shared = {"device_farm": "device_id", "account_funnel": "bank_account", "double_pledge": "vin",
              "dealer_officer": "officer_id", "cohort": "officer_id", "fake_employer": "employer.phone"}  # fmt: skip
    together: list[int] = []
    for typology, column in shared.items():
        own = fraud.filter((pl.col("typology") == typology) & (pl.col(column) != ""))
        folded = own[column].str.normalize("NFKC").str.replace_all(r"[^\w]", "").str.to_uppercase()
        users = own.select("ring_id", folded.alias("value")).group_by("ring_id", "value").len()
        most = users.group_by("ring_id").agg(pl.col("len").max())["len"].to_list()
        assert max(most) >= 2, typology
        together += most
    assert sum(n >= 3 for n in together) >= 0.5 * len(together) > 5


def test_outcomes_come_ring_by_ring_late_and_partly_wrong(book: BookFiles, truth: pl.DataFrame) -> None:
    facts = pl.read_csv(book.outcomes.read_bytes().decode("gb18030").encode(), infer_schema=False)
    facts.columns = ["application_id", "event", "event_at", "known_at"]
    assert len(facts) == book.findings
    assert set(facts["event"]) == {"confirmed_fraud", "cleared", "first_payment_default", "charge_off", "paid"}
    assert (facts["known_at"] >= facts["event_at"]).all()
    assert str(facts["known_at"].max()) <= "2026-10-31"
    found = facts.filter(pl.col("event") == "confirmed_fraud").join(truth, on="application_id")
    per_ring = found.filter(pl.col("ring_id").is_not_null()).group_by("ring_id").len()
    assert 0.2 * book.rings < (per_ring["len"] >= 3).sum() < 0.7 * book.rings
    mistaken = found["ring_id"].is_null().mean()
    assert 0.02 < float(mistaken) < 0.25  # type: ignore[arg-type]


@pytest.mark.parametrize("locale", ["en", "mixed"])
def test_other_locales_are_whole(tmp_path: Path, locale: str) -> None:
    made = write_book(tmp_path, applications=1_500, seed=2, locale=locale)
    frame = clean(made, locale)
    assert frame["application_id"].n_unique() == 1_500
    if locale == "en":
        assert frame["national_id"].str.contains(r"^(\d{3}-\d{2}-\d{4}|\d{9})?$").all()
        assert frame["employer.name"].str.contains("LLC").any()
    else:
        assert 0.1 < float(frame["name"].str.contains("[A-Za-z]").mean()) < 0.2  # type: ignore[arg-type]


def test_varied_headings_are_known_synonyms(tmp_path: Path) -> None:
    made = write_book(tmp_path, applications=50, seed=9, headings="varied")
    known = {word for chinese, _ in HEADINGS.values() for word in chinese}
    head = records(made)[0]
    assert set(head) <= known
    assert "申请编号" not in head or "手机号" not in head or "姓名" not in head


@pytest.mark.parametrize("count", [1, 2, 40])
@pytest.mark.parametrize("level", ["easy", "standard", "adversarial"])
def test_small_books(tmp_path: Path, count: int, level: str) -> None:
    made = write_book(tmp_path, applications=count, seed=1, level=level, fraud_rate=0.1, drift=0.5)
    assert clean(made)["application_id"].n_unique() == count


@pytest.mark.parametrize(
    "wrong",
    [{"applications": 0}, {"seed": -1}, {"locale": "fr"}, {"fraud_rate": 0.5}, {"level": "hardest"},
     {"label_share": 1.2}, {"finding_error": 1.0}, {"missing": 9.0}, {"headings": "odd"}],
)  # fmt: skip
def test_wrong_arguments_are_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        write_book(tmp_path, **({"applications": 10, "seed": 1} | wrong))  # type: ignore[arg-type]
    assert not any(tmp_path.iterdir())


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(UsageError, match="taken"):
        write_book(tmp_path / "taken", applications=5, seed=1)


def test_rings_lie_anywhere_in_time_up_to_the_end() -> None:
    world = World(np.random.default_rng(1), 60_000, "zh")
    plan = make_plan(world, Knobs(60_000, 1, fraud_rate=0.05))
    ring_rows = np.concatenate([g.rows for g in plan.groups.values() if g.ring])
    tenth = np.bincount((plan.u[ring_rows] * 10).astype(np.int64), minlength=10) / len(ring_rows)
    assert tenth.min() > 0.06
    assert tenth.max() < 0.14


PLANNED = 60_000


def innocents(level: str, fraud_rate: float) -> dict[str, int]:
    """Applications of each innocent class of a planned book."""
    world = World(np.random.default_rng(1), PLANNED, "zh")
    plan = make_plan(world, Knobs(PLANNED, 1, fraud_rate=fraud_rate, level=level))
    return {kind.name: len(plan.groups[kind.name].rows) for kind in INNOCENTS}


@pytest.mark.parametrize("level", ["easy", "standard", "adversarial"])
@pytest.mark.parametrize("fraud_rate", [0.018, 0.06])
def test_each_class_of_twins_stands_for_one_typology(level: str, fraud_rate: float) -> None:
    """As many as a fifth more than its rings' applications, whatever their rate; a last group may not fit."""
    planned = innocents(level, fraud_rate)
    wanted = round(1.2 * fraud_rate * PLANNED / len(RINGS))
    for kind in INNOCENTS:
        if not kind.ordinary:
            assert wanted - kind.bounds[1] <= planned[kind.name] <= wanted, kind.name


def test_hard_has_a_fixed_part_of_the_book_or_as_many() -> None:
    for fraud_rate in (0.018, 0.09):
        planned = innocents("hard", fraud_rate)
        for kind in INNOCENTS:
            wanted = PLANNED * max(kind.share, 1.2 * fraud_rate / len(RINGS))
            assert wanted - kind.bounds[1] - 1 < planned[kind.name] <= wanted + 1e-6, kind.name


def test_ordinary_reasons_to_share_are_as_frequent_at_every_level() -> None:
    """Families, repeated applications, shoppers and couples are no twins that a level could do without."""
    ordinary = [kind for kind in INNOCENTS if kind.ordinary]
    assert {kind.name for kind in ordinary} == {"family", "reapplication", "rate_shopper", "couple_account"}
    for level in LEVELS:
        planned = innocents(level, 0.018)
        for kind in ordinary:
            assert kind.share * PLANNED - kind.bounds[1] < planned[kind.name] <= kind.share * PLANNED, (
                level,
                kind.name,
            )


def test_weighted_choices() -> None:
    drawn = choose(np.random.default_rng(0).random(20_000), np.array([1.0, 0.0, 3.0]))
    assert Counter(drawn.tolist()).keys() == {0, 2}
    assert abs(float((drawn == 2).mean()) - 0.75) < 0.02
    within = Within(np.array([1, 0, 1]), np.array([1.0, 1.0, 1.0]), 2)
    assert within.draw(np.array([0.0, 0.99999]), np.array([0, 0])).tolist() == [1, 1]
    assert set(within.draw(np.linspace(0, 0.999, 50), np.ones(50, np.int64)).tolist()) == {0, 2}


def test_hashed_numbers_are_uniform_for_every_salt() -> None:
    for salt in (0, 1, 2**55):
        sample = hashed(np.arange(20_000), salt)
        assert np.abs(np.histogram(sample, 10, (0, 1))[0] - 2_000).max() < 250


def test_vehicle_numbers_have_seventeen_allowed_characters() -> None:
    world = World(np.random.default_rng(2), 500, "en")
    vins = naming.vehicle_number(world, world.new_cars(np.full(200, 5_000.0)))
    assert vins.str.contains(r"^[0-9A-HJ-NPR-Z]{17}$").all()
    assert vins.n_unique() == 200


@pytest.fixture(scope="module")
def shaped(tmp_path_factory: pytest.TempPathFactory) -> selftest_book.Books:
    return selftest_book.make_books(tmp_path_factory.mktemp("leak"), (101, 102, 103), 15_000, "zh", 0.05)


def test_no_single_column_and_no_order_tells_fraud(shaped: selftest_book.Books) -> None:
    findings = selftest_book.examine(shaped, joint=False)  # the trees take half a minute: see the command
    assert len(findings) > 65
    leaks = [(f.column, round(f.auc, 3)) for f in findings if not f.holds]
    assert leaks == []


def test_the_self_test_finds_a_planted_tell(shaped: selftest_book.Books) -> None:
    marked: selftest_book.Books = []
    for shapes, fraud in shaped:
        tell = pl.DataFrame({"last": np.where(fraud & (np.arange(len(fraud)) % 3 == 0), "7", "1").astype(str)})
        marked.append(({"phone.1": tell, "phone.2": shapes["phone.2"]}, fraud))
    found = {f.column: f.holds for f in selftest_book.examine(marked)}
    assert found == {"phone.1": False, "phone.2": True, selftest_book.TOGETHER: False, selftest_book.JOINT: False}


def test_the_trees_find_a_tell_that_two_columns_make_together() -> None:
    books: selftest_book.Books = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        fraud = rng.random(6_000) < 0.1
        left, right = rng.integers(0, 2, 6_000), rng.integers(0, 2, 6_000)
        right = np.where(fraud, left, right)
        parts = {name: pl.DataFrame({"last": values.astype(str)}) for name, values in (("a", left), ("b", right))}
        books.append((parts, fraud))
    found = {f.column: f.holds for f in selftest_book.examine(books)}
    assert found == {"a": True, "b": True, selftest_book.TOGETHER: True, selftest_book.JOINT: False}
