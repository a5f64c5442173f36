"""What the values of a column look like, whatever its heading says: the share that fits each kind of field."""

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from graph.schema import FieldKind
from ingest import lexicon as lx
from ingest.checkdigits import luhn_ok
from ingest.clean import clean_texts
from ingest.codes import Problem
from ingest.columns import Names, Stages, run
from ingest.countries import MINOR_DIGITS
from ingest.identifiers import vin_fact_stages
from ingest.identity import id_fact_stages
from ingest.source import SourceContext
from ingest.text import tidy
from ingest.times import DAY

ROWS: Final = 400
A_FEW: Final = 0.1
A_DOZEN: Final = 12
SHORTEST_FIRM: Final = 4
SURE: Final = 0.9
TERMS: Final = (3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 66, 72, 75, 84, 96)
_UNUSUAL_END: Final = 0.85  # by GB 16735 and 49 CFR 565 the last four are digits; small makers differ
_TRIED: Final[dict[str, tuple[FieldKind, str]]] = {
    "id": (FieldKind.NATIONAL_ID, "[0-9]{4}"),
    "phone": (FieldKind.PHONE, "(?:[0-9][^0-9A-Za-z]*){7}"),
    "time": (FieldKind.TIME, "[0-9]"),
    "vin": (FieldKind.VIN, "[0-9A-Za-z]"),
    "money": (FieldKind.MONEY, "[0-9]"),
    "term": (FieldKind.INTEGER, "[0-9]"),
    "condition": (FieldKind.CONDITION, ""),
    "email": (FieldKind.EMAIL, "@"),
    "ip": (FieldKind.IP, "[.:][0-9A-Fa-f]*[.:]"),
}
"""Cleaners that every value is tried on, each with a glance that spares it most values: parsers are slow."""
_ID_FACTS: Final = Names("i")
_VIN_FACTS: Final = Names("f")
_CARDS: Final = Names("c")


@dataclass(frozen=True, slots=True)
class Portrait:
    """Shares (0..1 of the values present) that fit, and a few facts of the column."""

    filled: float
    distinct: float  # distinct values per value
    fits: dict[str, float]
    median: float | None  # of money, in major units
    year: float | None  # median year of times
    clock: float  # share of times with a time of day
    constant: bool  # one value in every row: it tells no application from another
    counting: bool  # 1, 2, 3, ... in the order of the file
    moments: pl.Series  # times of the rows looked at (microseconds UTC), null where there is none

    def fit(self, *what: str) -> float:
        """Share of the values that look like `what`; the greatest of several."""
        return max((self.fits.get(name, 0.0) for name in what), default=0.0)


NOTHING: Final = Portrait(0.0, 0.0, {}, None, None, 0.0, False, False, pl.Series(dtype=pl.Int64))


def portray(sample: pl.DataFrame, source: SourceContext) -> list[Portrait]:
    """Look at up to 400 values of each column; all columns go through each cleaner and each pattern in one pass."""
    rows = min(ROWS, sample.height)
    if not rows or not sample.width:
        return [NOTHING] * sample.width
    texts = tidy(pl.concat([column.cast(pl.String).head(ROWS).alias("t") for column in sample.iter_columns()]))
    values = pl.DataFrame({"t": texts}).with_row_index("at").with_columns(column=pl.col("at") // rows).drop_nulls("t")
    looked = values.with_columns(_cleaned(values["t"], source)).with_columns(lower=pl.col("t").str.to_lowercase())
    shares = looked.group_by("column", maintain_order=True).agg(**_facts(), **_shares(source))
    portraits = [NOTHING] * sample.width
    for facts in shares.iter_rows(named=True):
        at = facts["column"]
        times = looked.filter(pl.col("column") == at)
        moments = pl.Series([None] * rows, dtype=pl.Int64).scatter(times["at"] - at * rows, times["time"])
        portraits[at] = _portrait(facts, moments, source)
    return portraits


def _cleaned(texts: pl.Series, source: SourceContext) -> list[pl.Series]:
    """Every value as each kind of field would read it, with what IDs, VINs and cards tell by themselves."""
    found: dict[str, pl.Series] = {}
    for name, (kind, glance) in _TRIED.items():
        tried = texts.to_frame("t").select(pl.when(pl.col("t").str.contains(glance)).then("t")).to_series()
        result = clean_texts(tried, kind, source)
        found[name] = result["value"]
        if name == "id":
            found["id_problem"] = result["problem"]
    digits = texts.str.replace_all(r"[\s-]", "")
    cards = digits.to_frame("d").select(pl.when(pl.col("d").str.contains(lx.CARD)).then("d")).to_series()
    found["digits"] = digits
    found["birth"] = _told(id_fact_stages(_ID_FACTS), "i", found["id"], "birth")
    found["vin_check"] = _told(vin_fact_stages(_VIN_FACTS), "f", found["vin"], "check")
    found["luhn"] = _told((_CARDS.let(ok=luhn_ok(_CARDS("v"))),), "c", cards, "ok")
    return [series.alias(name) for name, series in found.items()]


def _told(stages: Stages, prefix: str, values: pl.Series, what: str) -> pl.Series:
    told = run({prefix: (stages, [values.alias("v")])}, [what])[prefix][what]
    return told.cast(pl.Boolean if what == "ok" else pl.String, strict=False)


def _facts() -> dict[str, pl.Expr]:
    numbers = pl.col("t").cast(pl.Int64, strict=False)
    return {
        "present": pl.len(),
        "unique": pl.col("t").n_unique(),
        "median": pl.col("money").cast(pl.Int64).median(),
        "middle": pl.col("time").cast(pl.Int64).median(),
        "first": numbers.first(),
        "steps": (numbers.diff() == 1).drop_nulls().mean(),
        "numbers": numbers.count(),
    }


def _shares(source: SourceContext) -> dict[str, pl.Expr]:
    """Name -> mean over the values of a column."""
    t, lower, digits, vin = (pl.col(name) for name in ("t", "lower", "digits", "vin"))
    firm, region = t.str.contains(lx.COMPANY), t.str.contains(lx.REGION)
    named = t.str.contains(f"{lx.CN_NAME}|{lx.US_NAME}") & ~firm & ~region
    surname = t.str.contains(f"^[{lx.SURNAMES}]" if source.country == "CN" else "^.") | t.str.contains(lx.US_NAME)
    address = t.str.contains(f"{lx.CN_ADDRESS}|{lx.US_ADDRESS}") & (t.str.len_chars() >= 6)
    dealer = t.str.contains(lx.DEALERSHIP) & ~lower.is_in(lx.MAKES) & ~address & (t.str.len_chars() >= SHORTEST_FIRM)
    whole = vin.str.contains(lx.VEHICLE) & ~vin.str.contains(lx.NUMBERED)
    mixed = vin.str.contains(r"(?:[A-Z].*){4}") & vin.str.contains("(?:[0-9].*){2}")
    lost = pl.col("id_problem").is_in([str(Problem.SCIENTIFIC), str(Problem.PRECISION)]) & (t.str.len_chars() > 9)
    tests = {
        "firm": firm, "house": firm & t.str.contains(lx.HOUSE), "dealership": dealer,
        "address": address, "named": named, "surname": surname,
        "relation": lower.is_in(lx.RELATIONS), "make": lower.is_in(lx.MAKES), "state": lower.is_in(lx.STATES),
        "job": lower.is_in(lx.JOBS), "place": region,
        "device": t.str.contains(lx.DEVICE) & t.str.contains("[A-Za-z].*[0-9].*[A-Za-z]"),
        "code": t.str.contains(lx.CODE) & t.str.contains("[0-9]"), "text": ~t.str.contains(lx.NUMBERS_ONLY),
        "registration": t.str.contains(lx.REGISTRATION), "clock": t.str.contains(lx.CLOCK),
        "resident": pl.col("birth").is_not_null() & t.str.contains(r"^[0-9\-\s]{15,20}[0-9Xx]?$"),
        "hyphened": t.str.contains(r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$"), "nine": digits.str.contains("^[0-9]{9}$"),
        "lost": lost, "phone": pl.col("phone").is_not_null(), "mobile": pl.col("phone").str.contains(r"^\+861[3-9]"),
        "read_as_time": pl.col("time").is_not_null(), "dated": t.str.contains(lx.DATED),
        "vehicle": whole & vin.str.contains(r"[A-Z].*[0-9]{4}$"), "loose_vehicle": whole & mixed,
        "vin_good": pl.col("vin_check") == "ok", "money": pl.col("money").is_not_null(),
        "term": pl.col("term").is_in(_terms()), "condition": pl.col("condition").is_not_null(),
        "email": pl.col("email").is_not_null(), "ip": pl.col("ip").is_not_null(),
        "card": digits.str.contains(lx.CARD), "card_good": pl.col("luhn"),
        "long_number": digits.str.contains("^[0-9]{8,19}$"),
    }  # fmt: skip
    return {f"is_{name}": test.fill_null(value=False).mean() for name, test in tests.items()}


def _terms() -> pl.Series:
    """Usual terms in months."""
    return pl.Series(TERMS, dtype=pl.Int64).implode()


def _portrait(facts: dict[str, Any], moments: pl.Series, source: SourceContext) -> Portrait:
    present, unique, middle, median = facts["present"], facts["unique"], facts["middle"], facts["median"]
    many = present >= A_DOZEN
    return Portrait(
        filled=present / len(moments),
        distinct=unique / present,
        fits=_fits(
            {name[3:]: share for name, share in facts.items() if name.startswith("is_")}, unique / present, source
        ),
        median=None if median is None else median / 10 ** MINOR_DIGITS[source.currency],
        year=None if middle is None else 1970 + middle / DAY / 365.2425,
        clock=facts["is_clock"],
        constant=many and unique == 1,
        counting=many and facts["numbers"] == present and facts["first"] in (0, 1) and facts["steps"] > SURE,
        moments=moments,
    )


def _fits(share: dict[str, float], distinct: float, source: SourceContext) -> dict[str, float]:
    """From plain shares to how well a column fits each kind."""
    company = share["firm"] - share["house"] * (distinct < A_FEW)
    times, cards, vehicles = share["read_as_time"], share["card"], share["vehicle"]
    loose = share["loose_vehicle"]
    bare = share["nine"] if source.country == "US" else 0.0
    resident = max(share["resident"], bare if share["hyphened"] >= A_FEW else 0.5 * bare)
    right = min(1.0, share["vin_good"] / loose) if loose else 0.0
    return share | {
        "employer": max(0.0, company - share["address"] * 0.5, share["dealership"]),
        "name": share["named"] * share["surname"],
        "region": share["place"] * (1.0 - share["address"]),
        "national_id": resident + 0.3 * share["lost"],
        "time": min(times, share["dated"]),
        "serial": times - min(times, share["dated"]),
        "vin": max(vehicles, _UNUSUAL_END * loose) * (0.6 + 0.4 * right),
        "account": cards * (0.3 + 0.7 * (share["card_good"] / cards if cards else 0.0)),
    }
