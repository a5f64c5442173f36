"""Shapes and relations of a raw book's columns: what can be seen of one row without comparing it with another."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ingest.synthetic.headings import HEADINGS, heading

MONEY: Final = ("monthly_income", "vehicle_price", "vehicle_appraisal", "loan_amount", "down_payment")
TIMES: Final = ("submitted_at", "updated_at", "lien_at")
_NUMBERED: Final = ("phone.1", "employer.phone", "reference.1.phone", "bank_account", "officer_id", "dealer_id",
                    "national_id", "vin", "email", "device_id")  # fmt: skip
"""Columns whose digits are looked at as a number too: a range that one party alone uses would tell."""
_BINS: Final = 20
_DATE: Final = r"(\d{4})[-/年]?(\d{1,2})[-/月]?(\d{1,2})"
_US_DATE: Final = r"^(\d{1,2})/(\d{1,2})/(\d{4})"


def read_applications(path: Path, encoding: str, locale: str) -> pl.DataFrame:
    """The file's records as text under canonical names, in order, with their place in the file."""
    text = path.read_bytes().decode(encoding, errors="replace")
    frame = pl.read_csv(text.encode(), infer_schema=False, truncate_ragged_lines=True)
    frame = frame.rename({heading(name, locale).strip(): name for name in HEADINGS}, strict=False)
    return frame.with_row_index("place")


def read_book(folder: Path, encoding: str, locale: str) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
    """The first version of each application as text under canonical names, and whether it is fraud."""
    frame = read_applications(folder / "applications.csv", encoding, locale)
    frame = frame.unique("application_id", keep="first", maintain_order=True)
    truth = pl.read_csv(folder / "truth" / "truth.csv", infer_schema=False)
    frame = frame.with_columns(pl.exclude("place").fill_null(""))
    joined = frame.join(truth, on="application_id", how="inner", maintain_order="left")
    return joined.drop("ring_id", "typology"), joined["ring_id"].is_not_null().to_numpy()


def shapes(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Column -> its shapes, all text, one row an application; `row_order` and `id_order` stand beside the columns."""
    found = {name: _text_shapes(frame[name]) for name in HEADINGS if name in frame.columns}
    for name in MONEY:
        found[name] = found[name].with_columns(binned(amount(frame[name])).alias("amount"))
    for name in TIMES:
        found[name] = found[name].with_columns(_clock(frame[name]))
    for name in _NUMBERED:
        found[name] = found[name].with_columns(_ranges(frame[name]))
    found["employer.name"] = found["employer.name"].with_columns(frame["employer.name"].str.slice(-4).alias("form"))
    place, identity = frame["place"].cast(pl.Float64), frame["application_id"].rank("ordinal").cast(pl.Float64)
    found["row_order"] = pl.DataFrame({"at": binned(place), "early": binned(place - identity)})
    number = frame["application_id"].str.slice(-7).cast(pl.Int64)
    found["id_order"] = pl.DataFrame({"at": binned(identity), "digits": (number % 100).cast(pl.String)})
    return found


def relations(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """What two fields of one row say together, each as one shape: city and address, holder and applicant, ..."""
    city = _folded(frame["region"]).str.extract(r"^([^,]+)").str.replace(r"^.*省|市$", "")
    submitted, updated, lien = (_day(frame[name]) for name in TIMES)
    price, loan, down = (amount(frame[name]) for name in ("vehicle_price", "loan_amount", "down_payment"))
    phone, work, other = (_digits(frame[name]) for name in ("phone.1", "employer.phone", "reference.1.phone"))
    name = _folded(frame["name"])
    truths = {
        "address names the city": _holds(city, _folded(frame["address"])),
        "dealer names the city": _holds(city, _folded(frame["dealer_name"])),
        "employer names the city": _holds(city, _folded(frame["employer.name"])),
        "holder is the applicant": _same(name, _folded(frame["account_holder_name"])),
        "reference has the surname": _same(_surname(name), _surname(_folded(frame["reference.1.name"]))),
        "co-applicant has the surname": _same(_surname(name), _surname(_folded(frame["co_applicant.1.name"]))),
        "work phone is the own phone": _same(phone, work),
        "reference is the own phone": _same(phone, other),
        "area of own and work phone": _same(phone.str.slice(0, 3), work.str.slice(0, 3)),
        "area of own and reference phone": _same(phone.str.slice(0, 3), other.str.slice(0, 3)),
        "price is loan and down payment": ((price - loan - down).abs() < 1).cast(pl.String).fill_null("none"),
        "born where the others are": _usual(city, _digits(frame["national_id"]).str.slice(0, 2)),
    }
    numbers = {
        "days to the update": updated - submitted,
        "days to the lien": lien - submitted,
        "loan to price": loan / price,
        "empty fields": pl.Series(
            np.sum([(frame[c] == "").to_numpy() for c in frame.columns if c in HEADINGS], axis=0)
        ).cast(pl.Float64),
        "odd characters": pl.Series(np.sum([_odd(frame[c]) for c in frame.columns if c in HEADINGS], axis=0)).cast(
            pl.Float64
        ),
        "appraisal to price": amount(frame["vehicle_appraisal"]) / price,
        "price to income": price / amount(frame["monthly_income"]),
    }
    cut = {name: binned(values) for name, values in numbers.items()}
    return {name: pl.DataFrame({"shape": values}) for name, values in {**truths, **cut}.items()}


def numeric(parts: Mapping[str, pl.DataFrame]) -> NDArray[np.float32]:
    """[rows, shapes] for a tree: numbers as numbers, other text by its last and first character and its length."""
    columns = [_plain_numbers(part[shape]) for part in parts.values() for shape in part.columns]
    return np.column_stack(columns).astype(np.float32)


def _plain_numbers(text: pl.Series) -> NDArray[np.float64]:
    number = text.cast(pl.Float64, strict=False)
    if number.null_count() < len(number) // 2:
        return number.to_numpy()
    # the characters of two places as one number: enough for a tree to part any two common shapes
    folded = text.fill_null("")
    first, last = (folded.str.slice(at, 1).str.encode("hex") for at in (0, -1))
    code = pl.DataFrame({"a": first, "b": last}).select(
        pl.col("a").str.to_integer(base=16, strict=False).fill_null(0) * 7
        + pl.col("b").str.to_integer(base=16, strict=False).fill_null(0) * 3
        + folded.str.len_chars()
    )
    return code.to_series().cast(pl.Float64).to_numpy()


def amount(column: pl.Series) -> pl.Series:
    """Money as a number of whole currency units, null where there is none."""
    wan = column.str.contains("万").fill_null(False)
    value = column.str.normalize("NFKC").str.replace_all(r"[^0-9.]", "").cast(pl.Float64, strict=False)
    return pl.select(pl.when(wan).then(value * 10_000).otherwise(value)).to_series()


def binned(values: pl.Series) -> pl.Series:
    """Twenty classes of equal size, as text; "none" for absent numbers."""
    rank = values.rank("average") / max(1, values.count())
    return (rank * _BINS).floor().cast(pl.Int64).cast(pl.String).fill_null("none")


def _text_shapes(column: pl.Series) -> pl.DataFrame:
    text = column.fill_null("")
    plain = text.str.slice(0, 16).str.replace_all("[0-9]", "9").str.replace_all("[A-Za-z]", "a")
    plain = plain.str.replace_all(r"[^\x00-\x7F]", "H")
    return pl.DataFrame(
        {
            "length": text.str.len_chars().cast(pl.String),
            "plain": plain,
            "first": text.str.slice(0, 1),
            "prefix": text.str.slice(0, 3),
            "last": text.str.slice(-1),
            "missing": (text == "").cast(pl.String),
        }
    )


def _ranges(column: pl.Series) -> list[pl.Series]:
    """Where the digits lie among those of the book, all of them and the middle four, and the last two."""
    digits = _digits(column)
    return [
        binned(digits.str.slice(0, 12).cast(pl.Float64, strict=False)).alias("range"),
        binned(digits.str.slice(3, 4).cast(pl.Float64, strict=False)).alias("middle"),
        digits.str.slice(-2).alias("tail"),
    ]


def _clock(column: pl.Series) -> list[pl.Series]:
    text = column.fill_null("")
    hour = text.str.extract(r"[ T](\d{1,2}):").fill_null("")
    minute = text.str.extract(r":(\d{2})").fill_null("")
    month = text.str.extract(r"^\d{4}\D?(\d{1,2})").fill_null("")
    weekday = (_day(column) % 7).cast(pl.String).fill_null("")
    return [hour.alias("hour"), minute.alias("minute"), month.alias("month"), weekday.alias("weekday")]


def _day(column: pl.Series) -> pl.Series:
    """Days since 1970 of a date written year first, or in the United States month first."""
    text = column.fill_null("")
    year_first = [text.str.extract(_DATE, at).cast(pl.Int32, strict=False) for at in (1, 2, 3)]
    month_first = [text.str.extract(_US_DATE, at).cast(pl.Int32, strict=False) for at in (3, 1, 2)]
    parts = [a.zip_with(b.is_null(), b) for a, b in zip(year_first, month_first, strict=True)]
    written = pl.select(pl.concat_str([pl.lit(part) for part in parts], separator="-")).to_series()
    return written.str.to_date("%Y-%m-%d", strict=False).cast(pl.Int32).cast(pl.Float64)  # damaged copies have none


def _digits(column: pl.Series) -> pl.Series:
    return _folded(column).str.replace_all(r"[^0-9]", "").str.replace(r"^(?:0086|86)(1\d{10})$", "$1")


def _folded(column: pl.Series) -> pl.Series:
    return column.fill_null("").str.normalize("NFKC").str.to_uppercase().str.replace_all(r"\s+", " ")


def _surname(name: pl.Series) -> pl.Series:
    latin = name.str.contains(" ", literal=True) & name.str.contains("[A-Z]")
    return name.str.extract(r"(\S+)$").zip_with(latin, name.str.slice(0, 1))


def _same(left: pl.Series, right: pl.Series) -> pl.Series:
    known = (left != "") & (right != "")
    return (left == right).cast(pl.String).set(~known, "none")


def _holds(part: pl.Series, whole: pl.Series) -> pl.Series:
    found = pl.DataFrame({"p": part, "w": whole}).select(
        pl.col("w").str.contains(pl.col("p").fill_null("?"), literal=True).cast(pl.String)
    )
    return found.to_series().set((part.fill_null("") == "") | (whole == ""), "none")


def _usual(group: pl.Series, value: pl.Series) -> pl.Series:
    """Whether the value is the commonest of the row's group."""
    frame = pl.DataFrame({"g": group, "v": value})
    usual = frame.select((pl.col("v") == pl.col("v").mode().sort().first().over("g")).cast(pl.String)).to_series()
    return usual.set((group.fill_null("") == "") | (value == ""), "none")


def _odd(column: pl.Series) -> NDArray[np.bool_]:
    """Full-width characters, brackets, line breaks, double blanks: traces of a careless hand."""
    return np.asarray(column.fill_null("").str.contains(r"[\uFF00-\uFFEF\u3000\n]|  |\"").to_numpy(), bool)
