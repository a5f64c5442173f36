"""What a public register of firms says of the employers that applicants named: number, phone, insured heads, date."""

from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from ingest.synthetic import naming
from ingest.synthetic.draft import Draft
from ingest.synthetic.knobs import Knobs
from ingest.synthetic.pools import Floats, Ints
from ingest.synthetic.spelling import joined, number, padded, stamp
from ingest.synthetic.world import BOOK_END, DAY, INVENTED, LANDLINE, SETTLED, YOUNG, World

REGISTERED: Final = {SETTLED: 0.88, YOUNG: 0.45, INVENTED: 0.30}
"""Part of the firms that the register knows. Some invented ones are registered shells, some honest ones unknown."""
_HEADS: Final = {SETTLED: 9.0, YOUNG: 3.5, INVENTED: 1.2}
_HEADS_SPREAD: Final = {SETTLED: 1.1, YOUNG: 0.7, INVENTED: 0.8}
"""Insured heads: lognormal around these, rounded down; so shops without insured staff are many among the honest too."""
_STAFF_PER_APPLICANT: Final = (2.0, 40.0)
"""A settled firm insures this many for each applicant of the book who names it."""
_AGE: Final = {SETTLED: (200.0, 8_000.0), YOUNG: (20.0, 400.0), INVENTED: (20.0, 700.0)}
"""Days from the registration to the first application that names the firm."""
_HEADINGS: Final = {
    "zh": ("企业名称", "统一社会信用代码", "联系电话", "参保人数", "成立日期"),
    "en": ("Legal Name", "EIN", "Business Phone", "Insured Employees", "Registered On"),
}
_CODE_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_WEIGHTS: Final = tuple(3**place % 31 for place in range(17))
"""GB 32100-2015: the alphabet of the unified social credit code and the weights of its check character."""
_STREAM: Final = 977
"""A random stream of its own, so that the other files do not hang on this one."""


def write_registry(path: Path, world: World, draft: Draft, knobs: Knobs, encoding: str) -> None:
    """Write the register's answer for the firms of the book that it knows; self-employment is no firm."""
    rng = np.random.default_rng([knobs.seed, _STREAM])
    firm, first, uses = np.unique(draft.employer, return_index=True, return_counts=True)
    origin = world.employers.get("origin", firm)
    known = rng.random(len(firm)) < _by_origin(origin, REGISTERED)
    known &= world.employers.get("plain", firm) == 0
    known &= world.employers.get("respelled", firm) == 0
    firm, first, uses, origin = firm[known], first[known], uses[known], origin[known]
    heads = np.exp(rng.normal(np.log(_by_origin(origin, _HEADS)), _by_origin(origin, _HEADS_SPREAD)))
    staff = np.where(origin == SETTLED, (uses - 1) * rng.uniform(*_STAFF_PER_APPLICANT, len(firm)), 0)
    low, high = (_by_origin(origin, {k: v[at] for k, v in _AGE.items()}) for at in (0, 1))
    founded = draft.time[first] // DAY - np.exp(rng.uniform(np.log(low), np.log(high))).astype(np.int64)
    columns = (
        naming.firm(world, firm, rng.random(len(firm)), 0.0),
        _registration(world, rng, world.employers.get("city", firm)),
        _phone(world, draft.work_phone[first]),
        number(heads + staff),
        stamp(np.minimum(founded, BOOK_END) * DAY, "%m/%d/%Y" if knobs.locale == "en" else "%Y-%m-%d"),
    )
    names = _HEADINGS["en" if knobs.locale == "en" else "zh"]
    frame = pl.DataFrame(dict(zip(names, columns, strict=True))).unique(names[0], keep="first", maintain_order=True)
    shuffled = frame[rng.permutation(len(frame))]
    path.write_bytes(shuffled.write_csv().encode(encoding))


def _by_origin(origin: Ints, figures: dict[int, float]) -> Floats:
    return np.array([figures[kind] for kind in sorted(figures)])[origin]


def _registration(world: World, rng: np.random.Generator, city: Ints) -> pl.Series:
    """A unified social credit code with its check character, or an employer identification number."""
    n = len(city)
    if world.words.country == "US":
        return joined(padded(rng.integers(10, 99, n), 2), "-", padded(rng.integers(0, 10**7, n), 7))
    region = world.words.places.region_code.cast(pl.Int64).to_numpy()[world.districts_of.draw(rng.random(n), city)]
    letters = np.array(list(_CODE_LETTERS))
    value = np.empty((n, 17), np.int64)
    value[:, 0], value[:, 1] = 9, 1
    for place in range(6):
        value[:, 2 + place] = region // 10 ** (5 - place) % 10
    value[:, 8:] = rng.integers(0, len(letters), (n, 9))
    check = (31 - (value * np.array(_CODE_WEIGHTS)).sum(axis=1) % 31) % 31
    text = np.concatenate([letters[value], letters[check][:, None]], axis=1)
    return pl.Series(np.ascontiguousarray(text).view(f"<U{18}").ravel())


def _phone(world: World, numbers: Ints) -> pl.Series:
    """The office phone as the register writes it: one plain form."""
    if world.words.country == "US":
        return number(numbers).str.replace(r"^(\d{3})(\d{3})", "($1) $2-")
    fixed = joined("0", number((numbers - LANDLINE) // 10**8), "-", padded(np.abs(numbers) % 10**8, 8))
    return fixed.zip_with(pl.Series(numbers >= LANDLINE), number(numbers))
