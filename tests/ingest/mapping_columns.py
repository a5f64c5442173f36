"""Columns of exports that no field of ours wants, and sets of headings over a sample book as frames."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

Maker = Callable[[random.Random, int], str]


def _coded(prefix: str, digits: int, count: int) -> Maker:
    return lambda rng, n: f"{prefix}{rng.randrange(count):0{digits}d}"


def _dated(first: str, days: int) -> Maker:
    start = date.fromisoformat(first)
    return lambda rng, n: (start + timedelta(days=rng.randrange(days))).isoformat()


def _one_of(*words: str) -> Maker:
    return lambda rng, n: rng.choice(words)


def _loose_vin(rng: random.Random, n: int) -> str:
    """Seventeen letters and digits that end in anything."""
    return "LSV" + "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(14))


EXTRAS: dict[str, Maker] = {
    "rownum": lambda rng, n: str(n + 1),
    "customer_no": lambda rng, n: f"KH{(n * 7919) % 100_003:08d}",
    "contract_no": lambda rng, n: f"HT2026{n * 3 + 10_000:07d}" if rng.random() < 0.7 else "",
    "stock": _coded("S", 5, 90_000),
    "id_type": _one_of("身份证", "身份证", "身份证", "护照"),
    "engine": lambda rng, n: f"{rng.choice('ABEG')}{rng.randrange(10**6):06d}",
    "plate": lambda rng, n: f"粤{rng.choice('ABCS')}{rng.randrange(10**5):05d}",
    "bank_name": _one_of("工商银行", "建设银行", "农业银行", "招商银行"),
    "branch": _coded("FGS", 2, 9),
    "branch_name": _one_of("华东分公司", "华南分公司", "西南分公司"),
    "lender": _one_of("某某汽车金融有限公司"),
    "currency": _one_of("CNY"),
    "country": _one_of("中国"),
    "empty": _one_of(""),
    "zero": _one_of("0"),
    "flag": _one_of("Y", "Y", "Y", "N"),
    "sex": _one_of("男", "女"),
    "married": _one_of("已婚", "未婚", "离异"),
    "education": _one_of("本科", "大专", "高中", "初中"),
    "rate": lambda rng, n: f"{rng.uniform(3, 18):.2f}",
    "fico": lambda rng, n: str(rng.randrange(520, 830)),
    "mileage": lambda rng, n: str(rng.randrange(10, 120_000)),
    "msrp": lambda rng, n: str(rng.randrange(180, 600) * 100),
    "instalment": lambda rng, n: f"{rng.uniform(250, 900):.2f}",
    "today": _one_of("2026-11-20"),
    "approved": _dated("2025-05-01", 300),
    "funded": _dated("2025-05-10", 300),
    "first_due": _dated("2025-06-10", 300),
    "id_expiry": _dated("2030-01-01", 4000),
    "birth": _dated("1965-01-01", 14_000),
    "loose_vin": _loose_vin,
}


@dataclass(frozen=True)
class HeadingSet:
    """One lender's headings: `lines` as in mapping_sets.txt, over the sample book of `locale`."""

    name: str
    locale: str
    lines: tuple[str, ...]

    def sample(self, book: pl.DataFrame) -> pl.DataFrame:
        """The book's columns (named by field) and made ones, named by heading."""
        rng, columns = random.Random(11), []
        for heading, content, _ in self.columns():
            if content.startswith("~"):
                values = pl.Series([EXTRAS[content[1:]](rng, n) for n in range(book.height)], dtype=pl.String)
            else:
                values = book[content]
            columns.append(values.alias(heading))
        return pl.DataFrame(columns)

    def columns(self) -> list[tuple[str, str, frozenset[str]]]:
        """Heading, content, and the fields that it may land on; `-` stands for unmapped."""
        found = []
        for line in self.lines:
            heading, _, said = line.rpartition(" = ")
            content, _, fields = said.partition(" > ")
            default = "-" if content.startswith("~") else content
            found.append((heading, content, frozenset((fields or default).split(" or "))))
        return found


def read_sets(path: Path) -> list[HeadingSet]:
    """Every set of the file."""
    found = []
    for part in path.read_text(encoding="utf-8").split("\n[")[1:]:
        head, *lines = part.strip().splitlines()
        name, _, locale = head.removesuffix("]").rpartition(" | ")
        found.append(HeadingSet(name, locale, tuple(lines)))
    return found
