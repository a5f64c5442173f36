"""The grammar of planted rings: forms and their ties as a table, read from TOML and checked once."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graph.errors import SettingsError
from graph.network import VALUE_NAMES
from graph.schema import ROLE

DEFAULT: Final = Path(__file__).with_name("grammar.toml")
LINK_HOWS: Final = ("pool", "standing", "member", "next", "any", "run", "twice")
COLUMN_HOWS: Final = ("same", "raise", "set")
DEALERS: Final = {"one": 1, "few": 3, "any": 0}


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

    mixed: (least, most) of the ties that a ring draws, None = all; each: the same for each member.
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


@dataclass(frozen=True, slots=True)
class Grammar:
    """All forms and how rings are drawn. digest: of the text."""

    forms: tuple[Form, ...]
    side: tuple[Tie, ...]
    share: tuple[float, float]
    rows: float
    family: float
    stray: float
    slow: float
    bound: float
    local: float
    digest: str

    def without(self, names: Sequence[str]) -> "Grammar":
        """The grammar without some forms. Raises SettingsError for a name that it does not have."""
        known = {form.name for form in self.forms}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise SettingsError(f"the grammar has no form {unknown[0]!r}", f"one of {', '.join(sorted(known))}")
        forms = tuple(form for form in self.forms if form.name not in names)
        return Grammar(
            forms, self.side, self.share, self.rows, self.family, self.stray, self.slow, self.bound, self.local,
            hashlib.sha256("\n".join([self.digest, *sorted(names)]).encode()).hexdigest()[:16],
        )  # fmt: skip


def read_grammar(path: Path | None = None) -> Grammar:
    """Read a grammar (the one that ships, unless told otherwise). Raises SettingsError naming file and key."""
    source = path or DEFAULT
    try:
        text = source.read_bytes()
        table = tomllib.loads(text.decode("utf-8"))
        draw = table["draw"]
        return Grammar(
            tuple(_form(row) for row in table["form"]),
            tuple(_tie(row) for row in table["side"]["ties"]),
            (draw["share"][0], draw["share"][1]),
            draw["rows"], draw["family"], draw["stray"], draw["slow"], draw["bound"], draw["local"],
            hashlib.sha256(text).hexdigest()[:16],
        )  # fmt: skip
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{source.name}: cannot read the grammar: {error}", "check the file") from error
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise SettingsError(f"{source.name}: missing or unknown: {error}", "compare with grammar.toml") from error


def _form(row: Mapping[str, Any]) -> Form:
    median, least, most = row["size"]
    return Form(
        name=row["name"],
        size=(median, least, most),
        days=_pair(row["days"]),
        ties=tuple(_tie(tie) for tie in row["ties"]),
        dealers=DEALERS[row.get("dealers", "any")],
        weight=row.get("weight", 1.0),
        side=row.get("side", 0.0),
        person=row.get("person", False),
        mixed=_pair(row["mixed"]) if "mixed" in row else None,
        each=_pair(row["each"]) if "each" in row else None,
    )


def _pair(two: Sequence[Any]) -> tuple[Any, Any]:
    low, high = two
    return low, high


def _tie(row: Mapping[str, Any]) -> Tie:
    rest: dict[str, Any] = {key: value for key, value in row.items() if key != "link"}
    rest |= {key: _pair(rest[key]) for key in ("values", "by") if key in rest}
    allowed = LINK_HOWS if "link" in row else COLUMN_HOWS
    if row["how"] not in allowed:
        raise ValueError(f"how = {row['how']!r}")
    if "link" not in row:
        return Tie(**rest)
    kind, role = row["link"].split("/")
    codes = {name: code for code, name in VALUE_NAMES.items()}
    return Tie(kind=codes[kind], role=ROLE[role].code, **rest)
