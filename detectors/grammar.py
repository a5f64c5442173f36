"""The grammar of planted rings: forms and their ties as a table, read from TOML and checked once."""

import hashlib
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graph.errors import SettingsError
from graph.network import VALUE_NAMES
from graph.schema import ROLE

DEFAULT: Final = Path(__file__).with_name("grammar.toml")
LINK_HOWS: Final = ("pool", "standing", "alone", "member", "repeat", "next", "before", "any", "run", "twice")
COLUMN_HOWS: Final = ("same", "raise", "set")
DEALERS: Final = {"one": 1, "few": 3, "any": 0}
PHONE_HOWS: Final = {"next": "phone/", "before": "phone/", "any": "phone/", "run": "phone/own"}
"""Hows that only make sense of phones, and how the link must begin."""
COLUMNS: Final = (
    "surname", "home_region", "region", "model", "channel", "age", "term", "income_band", "loan", "loan_ratio",
    "appraisal_ratio", "price_to_income", "used", "holder_mismatch", "id_bad", "defaulted",
)  # fmt: skip
"""Columns of an application that a tie may name."""
DRAW: Final = ("rows", "innocent", "family", "stray", "slow", "bound", "local")
FORM: Final = (
    "name",
    "size",
    "days",
    "ties",
    "dealers",
    "weight",
    "side",
    "person",
    "mixed",
    "each",
    "share",
    "innocent",
)
LINK_TIE: Final = ("link", "how", "values", "chance", "spellings")
COLUMN_TIE: Final = ("column", "how", "by", "to", "chance")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tie:
    """One thing that members of a ring have in common; see grammar.toml. kind 0: a column, not a link."""

    how: str
    kind: int = 0
    role: int = 0
    column: str = ""
    values: tuple[int, int] = (1, 1)
    by: tuple[float, float] = (1.0, 1.0)
    to: int = 0
    chance: float = 1.0
    spellings: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of ring. size: (median, least, most); days: (least, most); dealers: 0 any, else at most so many.

    mixed: (least, most) of the ties that a ring draws, None = all; each: the same for each member. share: of a ring,
    the chance that a member carries a tie, where it is not the grammar's. innocent: planted to be told from rings.
    """

    name: str
    size: tuple[int, int, int]
    days: tuple[float, float]
    ties: tuple[Tie, ...]
    dealers: int = 0
    weight: float = 1.0
    side: float = 0.0
    person: bool = False
    mixed: tuple[int, int] | None = None
    each: tuple[int, int] | None = None
    share: tuple[float, float] | None = None
    innocent: bool = False


@dataclass(frozen=True, slots=True)
class Grammar:
    """All forms and how rings are drawn. digest: of the text."""

    forms: tuple[Form, ...]
    side: tuple[Tie, ...]
    share: tuple[float, float]
    rows: float
    innocent: float
    family: float
    stray: float
    slow: float
    bound: float
    local: float
    digest: str

    def without(self, names: Sequence[str]) -> "Grammar":
        """The grammar without some forms. Raises SettingsError for an unknown name, and where no form is left."""
        known = {form.name for form in self.forms}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise SettingsError(f"the grammar has no form {unknown[0]!r}", f"one of {', '.join(sorted(known))}")
        forms = tuple(form for form in self.forms if form.name not in names)
        if not sum(form.weight for form in forms if not form.innocent):
            raise SettingsError("no ring of the grammar is left to plant", "leave out fewer")
        return Grammar(
            forms, self.side, self.share, self.rows, self.innocent, self.family, self.stray, self.slow, self.bound,
            self.local, hashlib.sha256("\n".join([self.digest, *sorted(names)]).encode()).hexdigest()[:16],
        )  # fmt: skip


def read_grammar(path: Path | None = None) -> Grammar:
    """Read a grammar (the one that ships, unless told otherwise). Raises SettingsError naming file and key."""
    source = path or DEFAULT
    try:
        text = source.read_bytes()
        return _grammar(tomllib.loads(text.decode("utf-8")), hashlib.sha256(text).hexdigest()[:16])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{source.name}: cannot read the grammar: {error}", "check the file") from error
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(f"{source.name}: missing or unknown: {error}", "compare with grammar.toml") from error


def _grammar(table: Row, digest: str) -> Grammar:
    _only(table, ("form", "side", "draw"), "")
    draw, side = table["draw"], table["side"]
    _only(draw, ("share", *DRAW), "draw: ")
    _only(side, ("ties",), "side: ")
    forms = tuple(_form(row) for row in table["form"])
    named = [form.name for form in forms]
    if len(set(named)) < len(named) or not sum(form.weight for form in forms if not form.innocent):
        raise ValueError(f"form: none of any weight, or two of one name in {named}")
    return Grammar(
        forms,
        _ties(side, "side: "),
        _pair(draw, "share", "draw: ", most=1),
        **{name: _number(draw, name, "draw: ", most=1) for name in DRAW},
        digest=digest,
    )


def _form(row: Row) -> Form:
    where = f"form {row['name']}: "
    _only(row, FORM, where)
    least, median, most = _ascending(row, "size", where)
    return Form(
        name=str(row["name"]),
        size=(median, least, most),
        days=_pair(row, "days", where, least=1),
        ties=_ties(row, where),
        dealers=DEALERS[_one_of(row.get("dealers", "any"), tuple(DEALERS), "dealers", where)],
        weight=_number(row, "weight", where, 1.0),
        side=_number(row, "side", where, 0.0, most=1),
        person=bool(_one_of(row.get("person", False), (False, True), "person", where)),
        mixed=_counts(row, "mixed", where) if "mixed" in row else None,
        each=_counts(row, "each", where) if "each" in row else None,
        share=_pair(row, "share", where, most=1) if "share" in row else None,
        innocent=bool(_one_of(row.get("innocent", False), (False, True), "innocent", where)),
    )


def _ties(row: Row, where: str) -> tuple[Tie, ...]:
    if not row["ties"]:
        raise ValueError(f"{where}ties = []")
    return tuple(_tie(tie, where) for tie in row["ties"])


def _tie(row: Row, where: str) -> Tie:
    if "link" in row:
        return _link_tie(row, where)
    _only(row, COLUMN_TIE, where)
    how = str(_one_of(row["how"], COLUMN_HOWS, "how", where))
    return Tie(
        how,
        column=str(_one_of(row["column"], COLUMNS, "column", where)),
        by=_pair(row, "by", where) if how == "raise" else (1.0, 1.0),
        to=int(_number(row, "to", where)) if how == "set" else 0,
        chance=_number(row, "chance", where, 1.0, most=1),
    )


def _link_tie(row: Row, where: str) -> Tie:
    _only(row, LINK_TIE, where)
    how = str(_one_of(row["how"], LINK_HOWS, "how", where))
    kind, _, role = str(row["link"]).partition("/")
    codes = {name: code for code, name in VALUE_NAMES.items()}
    if kind not in codes or role not in ROLE or not row["link"].startswith(PHONE_HOWS.get(how, "")):
        raise ValueError(f"{where}link = {row['link']!r} with how = {how!r}")
    return Tie(
        how,
        kind=codes[kind],
        role=ROLE[role].code,
        values=_counts(row, "values", where) if "values" in row else (1, 1),
        chance=_number(row, "chance", where, 1.0, most=1),
        spellings=bool(_one_of(row.get("spellings", False), (False, True), "spellings", where)),
    )


def _only(row: Row, keys: Sequence[str], where: str) -> None:
    unknown = [key for key in row if key not in keys]
    if unknown:
        raise ValueError(f"{where}{unknown[0]}")


def _one_of(value: Any, allowed: Sequence[Any], key: str, where: str) -> Any:
    if value not in allowed:
        raise ValueError(f"{where}{key} = {value!r}")
    return value


def _number(row: Row, key: str, where: str, default: float | None = None, most: float = math.inf) -> float:
    """A number from 0 to `most`."""
    value = row.get(key, default)
    if not _is_number(value, 0, most):
        raise ValueError(f"{where}{key} = {value!r}")
    return float(value)


def _pair(row: Row, key: str, where: str, *, least: float = 0, most: float = math.inf) -> tuple[Any, Any]:
    """Two numbers from `least` to `most`, the smaller first."""
    value = row.get(key)
    if not isinstance(value, list) or len(value) != 2 or not all(_is_number(v, least, most) for v in value):
        raise ValueError(f"{where}{key} = {value!r}")
    low, high = value
    if low > high:
        raise ValueError(f"{where}{key} = {value!r}")
    return low, high


def _counts(row: Row, key: str, where: str) -> tuple[int, int]:
    """Two whole numbers from 1."""
    low, high = _pair(row, key, where, least=1)
    if not (isinstance(low, int) and isinstance(high, int)):
        raise ValueError(f"{where}{key} = {row[key]!r}")
    return low, high


def _ascending(row: Row, key: str, where: str) -> tuple[int, int, int]:
    """Least, median and most of a size that is written median first."""
    value = row.get(key)
    if not isinstance(value, list) or len(value) != 3 or not all(isinstance(v, int) for v in value):
        raise ValueError(f"{where}{key} = {value!r}")
    median, least, most = value
    if not 2 <= least <= median <= most:
        raise ValueError(f"{where}{key} = {value!r}")
    return least, median, most


def _is_number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
