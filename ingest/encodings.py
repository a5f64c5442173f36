"""Which encoding a file is in: what the mapping declares must fit, what it leaves open is detected and reported."""

import codecs
from dataclasses import dataclass
from typing import Final

from charset_normalizer import from_bytes

from graph.errors import InputRefused

_ALIASES: Final = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "ascii": "utf-8", "utf-8-sig": "utf-8"}
_FRAMABLE: Final = ("utf-8", "gb18030", "big5", "big5hkscs", "cp1252", "iso8859-1", "iso8859-15", "shift_jis", "euc_kr")
"""Encodings whose line feeds, commas and quotes are single bytes that nothing else contains."""
ENOUGH: Final = 0.5
"""Least share of the lines with foreign bytes that must be readable; the rest are broken rows, not another encoding."""
COMMON: Final = 0.6
"""Least share of common characters (GB 2312 has 6,763) in text that is taken for GB18030."""
_WRONG_LINES: Final = 3
BOMS: Final = ((codecs.BOM_UTF8, "utf-8"),)
_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding and whether it was `detected` or declared."""

    name: str
    detected: bool


def canonical_encoding(name: str, where: str) -> str:
    """The codec's own name; GBK and GB2312 are read as GB18030, which holds them. Raises InputRefused."""
    try:
        known = codecs.lookup(name).name
    except LookupError as error:
        raise InputRefused(f"encoding {name!r} is unknown", 'use "utf-8" or "gb18030"', where) from error
    known = _ALIASES.get(known, known)
    if known not in _FRAMABLE:
        raise InputRefused(f"encoding {name!r} cannot be read", "save the file as UTF-8 or GB18030", where)
    return known


def settle_encoding(sample: bytes, declared: str | None, where: str) -> Encoding:
    """The declared encoding if it fits, else the detected one. `sample` is made of whole lines.

    Raises InputRefused when the declaration cannot be true, or when nothing fits.
    """
    if sample.startswith(_WIDE):
        raise InputRefused("the file is UTF-16 or UTF-32", "save it as UTF-8 or GB18030", where)
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    if declared is None:
        return Encoding(_detect(lines, where), detected=True)
    if _share(lines, declared) < ENOUGH:
        raise InputRefused(
            f"declared encoding {declared} does not fit, it looks like {_detect(lines, where)}",
            "mend `encoding` in the mapping or leave it out",
            where,
        )
    if declared != "utf-8" and len(lines) >= _WRONG_LINES and _share(lines, "utf-8") == 1.0:
        raise InputRefused(
            f"declared encoding {declared} does not fit, it is utf-8", "mend `encoding` in the mapping", where
        )
    return Encoding(declared, detected=False)


def _detect(lines: list[bytes], where: str) -> str:
    if not lines or _share(lines, "utf-8") >= ENOUGH:
        return "utf-8"
    if _share(lines, "gb18030") >= ENOUGH and _common_share(lines) >= COMMON:
        return "gb18030"
    best = from_bytes(b"\n".join(lines[:2000]), cp_isolation=[n for n in _FRAMABLE if n != "utf-8"]).best()
    if best is None:
        raise InputRefused("the encoding cannot be told", 'write encoding = "gb18030" or another under [source]', where)
    return canonical_encoding(best.encoding, where)


def _share(lines: list[bytes], encoding: str) -> float:
    """Share of the lines that decode."""
    return sum(_decodes(line, encoding) for line in lines) / len(lines) if lines else 1.0


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _common_share(lines: list[bytes]) -> float:
    text = "".join(line.decode("gb18030", errors="ignore") for line in lines)
    foreign = [c for c in text if c > "\x7f"]
    if not foreign:
        return 0.0
    return sum(_encodes(c) for c in foreign) / len(foreign)


def _encodes(character: str) -> bool:
    return bool(character.encode("gb2312", errors="ignore"))
