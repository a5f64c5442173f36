"""The columns of an application that features read, as integers; and the norms of the book they are held against."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.book import DAY, ROLES_PER_VALUE, Book, LinkTable, find_slots, single_values, token_number
from graph.network import Network
from graph.ordering import places
from graph.schema import ROLE

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

INCOME_BANDS_PER_DECADE: Final = 24
"""Bands about 10 % wide: forged incomes stand just above the same line."""
CLOSED: Final = "(?i)refus|reject|declin|withdr|cancel|拒|撤|取消|放弃|否决"
"""Statuses of applications that came to nothing: a shopper leaves them behind, somebody who stacks loans does not."""
RATIO: Final = 1000
"""Ratios are integer thousandths."""
MISSING: Final = -1
EPOCH_YEAR: Final = 1970


def token_of(token: str | None) -> int:
    """graph.book.token_number of one token."""
    return 0 if token is None else int(token[3:18], 16)


def text_digest(text: str | None) -> int:
    """60 bits of a digest of a text, 0 for None: the same in every home and release."""
    return 0 if text is None else int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 4


def text_digests(texts: Sequence[str]) -> I64:
    """`text_digest` of very many."""
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return (np.frombuffer(digests, ">u8") >> np.uint64(4)).astype(np.int64)


def text_number(text: pl.Series) -> I64:
    """`text_digest` of each text."""
    number = {t: text_digest(t) for t in text.drop_nulls().unique()}
    return text.replace_strict(number, default=0, return_dtype=pl.Int64).fill_null(0).to_numpy()


def application_columns(frame: pl.DataFrame) -> dict[str, NDArray[np.generic]]:
    """[A] integer columns from rows in graph.schema.APPLICATION_SCHEMA; money in minor units, MISSING where absent."""

    def whole(name: str) -> I64:
        return frame[name].cast(pl.Int64).fill_null(MISSING).to_numpy()

    income, price, appraisal = whole("monthly_income"), whole("vehicle_price"), whole("vehicle_appraisal")
    return {
        "event_at": frame["event_at"].to_numpy(),
        "surname": token_number(frame["surname_token"]),
        "name": token_number(frame["name_token"]),
        "name_birth": token_number(frame["name_birth_token"]),
        "open": (~frame["status"].fill_null("").str.contains(CLOSED)).to_numpy().astype(np.int8),
        "home_region": text_number(frame["home_region"]),
        "region": text_number(frame["region"]),
        "model": text_number(_model(frame)),
        "channel": text_number(frame["channel"]),
        "age": _age(frame["event_at"].to_numpy(), whole("birth_year")),
        "term": whole("term_months"),
        "income_band": income_band(income),
        "loan": whole("loan_amount"),
        "loan_ratio": ratio(whole("loan_amount"), price),
        "appraisal_ratio": ratio(appraisal, price),
        "price_to_income": ratio(price, income),
        "used": (frame["vehicle_condition"].fill_null("") == "used").to_numpy().astype(np.int8),
        "holder_mismatch": _flag(~frame["holder_is_applicant"]),
        "id_bad": _flag(frame["id_check"] == "bad"),
    }


def record_columns(records: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[Any]]:
    """`application_columns` of a few rows given as plain values; a test holds the two against each other."""

    def whole(name: str) -> I64:
        return np.array([MISSING if r[name] is None else r[name] for r in records], np.int64)

    def flag(values: Sequence[int]) -> NDArray[np.int8]:
        return np.array(values, np.int8)

    income, price, appraisal = whole("monthly_income"), whole("vehicle_price"), whole("vehicle_appraisal")
    return {
        "event_at": np.array([r["event_at"] for r in records], np.int64),
        "surname": np.array([token_of(r["surname_token"]) for r in records], np.int64),
        "name": np.array([token_of(r["name_token"]) for r in records], np.int64),
        "name_birth": np.array([token_of(r["name_birth_token"]) for r in records], np.int64),
        "open": flag([not _closed(r["status"] or "") for r in records]),
        "home_region": np.array([text_digest(r["home_region"]) for r in records], np.int64),
        "region": np.array([text_digest(r["region"]) for r in records], np.int64),
        "model": np.array([text_digest(_model_of(r)) for r in records], np.int64),
        "channel": np.array([text_digest(r["channel"]) for r in records], np.int64),
        "age": _age(np.array([r["event_at"] for r in records], np.int64), whole("birth_year")),
        "term": whole("term_months"),
        "income_band": income_band(income),
        "loan": whole("loan_amount"),
        "loan_ratio": ratio(whole("loan_amount"), price),
        "appraisal_ratio": ratio(appraisal, price),
        "price_to_income": ratio(price, income),
        "used": flag([r["vehicle_condition"] == "used" for r in records]),
        "holder_mismatch": flag([_said(r["holder_is_applicant"], False) for r in records]),
        "id_bad": flag([_said(r["id_check"], "bad") for r in records]),
    }


def _flag(said: pl.Series) -> NDArray[np.int8]:
    """1 or 0, MISSING where nobody says."""
    return said.cast(pl.Int8).fill_null(MISSING).to_numpy()


def _said(value: Any, this: Any) -> int:
    """1 where a value is this one, 0 where it is another, MISSING where nobody says."""
    return MISSING if value is None else int(value == this)


def _model(frame: pl.DataFrame) -> pl.Series:
    """Make and model as one text, null where neither is known."""
    known = pl.any_horizontal(pl.col("vehicle_make", "vehicle_model").is_not_null())
    both = pl.concat_str(pl.col("vehicle_make", "vehicle_model").fill_null(""), separator=" ")
    return frame.select(pl.when(known).then(both).alias("model"))["model"]


def _model_of(record: Mapping[str, Any]) -> str | None:
    make, model = record["vehicle_make"], record["vehicle_model"]
    return None if make is None and model is None else f"{make or ''} {model or ''}"


def _age(event_at: I64, birth_year: I64) -> I64:
    """Years at the time of the application, MISSING without a birth year."""
    year = event_at.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + EPOCH_YEAR
    return np.where(birth_year > 0, year - birth_year, MISSING)


@lru_cache(maxsize=1024)
def _closed(status: str) -> bool:
    """Asked of the query engine, once a text: another engine folds the case of some letters otherwise."""
    return bool(pl.Series([status]).str.contains(CLOSED)[0])


def income_band(income: I64) -> I64:
    """Logarithmic band of a monthly income, 0 where there is none."""
    band = np.floor(np.log10(np.maximum(income, 1).astype(np.float64)) * INCOME_BANDS_PER_DECADE).astype(np.int64)
    return np.where(income > 0, band + 1, 0)


def ratio(above: I64, below: I64) -> I64:
    """Thousandths of above / below, MISSING where either is absent or not positive."""
    good = (above > 0) & (below > 0)
    return np.where(good, above * RATIO // np.where(good, below, 1), MISSING)


@dataclass(frozen=True, slots=True)
class Registry:
    """An employer register as loaded. core: token numbers of names, ascending; heads: insured, or MISSING."""

    core: I64
    heads: I64

    def columns(self, core: I64) -> dict[str, I64]:
        """[A] registered: 1, 0, or MISSING without a register or an employer; heads: MISSING where not known."""
        if not len(self.core):
            return {"registered": np.full(len(core), MISSING), "heads": np.full(len(core), MISSING)}
        at = np.minimum(np.searchsorted(self.core, core), len(self.core) - 1)
        known = self.core[at] == core
        return {
            "registered": np.where(core != 0, known, MISSING).astype(np.int64),
            "heads": np.where(known, self.heads[at], MISSING),
        }


def registry(employers: pl.DataFrame) -> Registry:
    """Of several entries with one name's core the one with most insured heads. employers: ingest's EMPLOYER_SCHEMA."""
    if not employers.height:
        return Registry(np.zeros(0, np.int64), np.zeros(0, np.int64))
    frame = (
        pl.DataFrame(
            {"core": token_number(employers["core_token"]), "heads": employers["insured_heads"].fill_null(MISSING)}
        )
        .filter(pl.col("core") != 0)
        .group_by("core")
        .agg(pl.col("heads").max())
        .sort("core")
    )
    return Registry(frame["core"].to_numpy(), frame["heads"].cast(pl.Int64).to_numpy())


COUNTED: Final = ("income_band", "home_region", "model", "channel")
"""What applications of one officer may have in common without sharing a value."""


@dataclass(frozen=True, slots=True)
class Norms:
    """What is usual in the book: how often each value of COUNTED occurs, appraisal ratio by vehicle condition."""

    counted: Mapping[str, tuple[I64, I64]]  # column -> distinct values ascending, and their counts
    appraisal_middle: I64  # [2] new, used: median, thousandths
    appraisal_spread: I64  # [2] median absolute deviation, at least 5 thousandths


def norms(columns: dict[str, NDArray[np.generic]]) -> Norms:
    """Measure the norms of a whole book."""
    counted = {name: np.unique(columns[name].astype(np.int64), return_counts=True) for name in COUNTED}
    middle, spread = np.full(2, RATIO, np.int64), np.full(2, 50, np.int64)
    for used in (0, 1):
        held = columns["appraisal_ratio"][(columns["used"] == used) & (columns["appraisal_ratio"] != MISSING)]
        if len(held):
            middle[used] = np.sort(held)[len(held) // 2]
            spread[used] = max(int(np.sort(np.abs(held - middle[used]))[len(held) // 2]), 5)
    return Norms({name: (value, count) for name, (value, count) in counted.items()}, middle, spread)


def with_values(
    columns: dict[str, NDArray[np.generic]], links: LinkTable, watched: I64
) -> dict[str, NDArray[np.generic]]:
    """Add the applications' own single values and how many of their values are on a watch-list."""
    size = len(columns["event_at"])
    hit = np.isin(links.value, watched)
    count = np.bincount(links.application[hit], minlength=size).astype(np.int64)
    return {**columns, **single_values(links, size), "watched": count}


def home_persons(book: Book) -> I32:
    """[A] persons who live at the application's address, 0 without one."""
    address = book.columns["address"].astype(np.int64)
    at = np.minimum(places(book.values, address), max(len(book.values) - 1, 0))
    slot = find_slots(book, at * ROLES_PER_VALUE + ROLE["own"].code)
    known = (address != 0) & (slot >= 0)
    return np.where(known, book.slots.persons[np.maximum(slot, 0)], 0).astype(np.int32)


YOUNG: Final = 180 * DAY
"""An employer whom the book has known for less time, and no register, excuses nobody as a colleague."""
UNKNOWN: Final = 90 * DAY
"""Of an employer seen this soon after the book begins nobody can say how long it has been there."""


def established(book: Book) -> NDArray[np.int8]:
    """[A] 1 unless the application's employer is young: in no register, and new to the book."""
    employer = book.columns["employer_core"].astype(np.int64)
    at = np.minimum(places(book.values, employer), max(len(book.values) - 1, 0))
    slot = find_slots(book, at * ROLES_PER_VALUE + ROLE["own"].code)
    known = (employer != 0) & (slot >= 0)
    first = np.where(known, book.slots.first[np.maximum(slot, 0)], 0)
    young = (book.columns["event_at"].astype(np.int64) - first < YOUNG) & (first > book.span[0] + UNKNOWN)
    registered = book.columns["registered"].astype(np.int64) == 1
    return np.where(registered | ~(known & young), 1, 0).astype(np.int8)


def settled(book: Book) -> Book:
    """The book with the columns that its values decide: home_persons and established."""
    return book.with_columns(home_persons=home_persons(book), established=established(book))


DEFAULTS: Final = ("first_payment_default", "charge_off")
"""Events of servicing that say that somebody stopped paying."""


def defaulted(network: Network, outcomes: pl.DataFrame) -> NDArray[np.int8]:
    """[A] 1 where the borrower is known to have stopped paying."""
    stopped = outcomes.filter(pl.col("event").is_in(DEFAULTS))["application_id"].unique()
    return network.applications["application_id"].is_in(stopped.implode()).to_numpy().astype(np.int8)


def confirmed(network: Network, outcomes: pl.DataFrame) -> NDArray[np.int8]:
    """[A] 1 where the last known of confirmed_fraud and cleared is confirmed_fraud."""
    last = (
        outcomes.filter(pl.col("event").is_in(["confirmed_fraud", "cleared"]))
        .sort("known_at", "event_at", "event")
        .group_by("application_id")
        .agg(pl.col("event").last())
    )
    found = network.applications.select("application_id").join(
        last, on="application_id", how="left", maintain_order="left"
    )
    return (found["event"].fill_null("") == "confirmed_fraud").to_numpy().astype(np.int8)
