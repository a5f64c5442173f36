"""The word lists of the generator: our own short lists under ingest/data, nothing taken from people."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from ingest.synthetic.pools import Floats, Ints

_DATA = Path(__file__).parent.parent / "data"


@dataclass(frozen=True, slots=True)
class WordList:
    """Words with weights."""

    words: pl.Series
    weight: Floats

    def __len__(self) -> int:
        return len(self.words)

    def text(self, index: Ints) -> pl.Series:
        """The words at some positions."""
        return self.words.gather(index)


@dataclass(frozen=True, slots=True)
class Places:
    """Cities, their districts, and every region an ID number can come from (districts first)."""

    city: pl.Series
    province: pl.Series
    phone_area: Ints
    weight: Floats
    district: pl.Series
    district_city: Ints
    region_code: pl.Series  # of districts, then of home regions


@dataclass(frozen=True, slots=True)
class Models:
    """Car models: maker, model, first three letters of the VIN, list price in whole currency units."""

    make: pl.Series
    model: pl.Series
    wmi: pl.Series
    price: Floats
    weight: Floats


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All words of one country."""

    country: str
    lists: dict[str, WordList]
    places: Places
    models: Models

    def __getitem__(self, name: str) -> WordList:
        return self.lists[name]


def _table(name: str) -> pl.DataFrame:
    return pl.read_csv(_DATA / name, infer_schema=False)


def _floats(column: pl.Series) -> Floats:
    return column.cast(pl.Float64).to_numpy().astype(np.float64)


def _places(locale: str) -> Places:
    cities = _table(f"{locale}_cities.csv").with_row_index("at")
    parts = cities.select("at", pl.col("districts").str.split("|")).explode("districts")
    parts = parts.with_columns(pl.col("districts").str.split(":").alias("pair"))
    home = _table(f"{locale}_home_regions.csv")
    return Places(
        city=cities["city"],
        province=cities["province"],
        phone_area=cities["phone_area"].cast(pl.Int64).to_numpy().astype(np.int64),
        weight=_floats(cities["weight"]),
        district=parts["pair"].list.get(0),
        district_city=parts["at"].cast(pl.Int64).to_numpy().astype(np.int64),
        region_code=pl.concat([parts["pair"].list.get(1), home["code"]]),
    )


@cache
def lexicon(locale: str) -> Lexicon:
    """The words of "zh" or "en"."""
    table = _table(f"{locale}_words.csv")
    lists = {
        str(name): WordList(part["word"], _floats(part["weight"]))
        for (name,), part in table.group_by(["list"], maintain_order=True)
    }
    cars = _table("vehicles.csv").filter(pl.col("locale") == locale)
    models = Models(cars["make"], cars["model"], cars["wmi"], _floats(cars["price"]), _floats(cars["weight"]))
    return Lexicon("CN" if locale == "zh" else "US", lists, _places(locale), models)
