"""The risk bands and node kinds as people see them: word, mark, shape and colour, never colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Theme = Literal["light", "dark"]
BANDS: Final = ("red", "amber", "green")
MARKS: Final[Mapping[str, str]] = {"red": "▲", "amber": "◆", "green": "●", "not_scored": "○"}
VEGA_SHAPES: Final[Mapping[str, str]] = {
    "red": "triangle-up",
    "amber": "diamond",
    "green": "circle",
    "not_scored": "square",
}
BADGES: Final[Mapping[str, Literal["red", "orange", "green", "gray"]]] = {
    "red": "red",
    "amber": "orange",
    "green": "green",
    "not_scored": "gray",
}
"""Streamlit's names for the band colours; config.toml gives them our values."""
COLOURS: Final[Mapping[Theme, Mapping[str, str]]] = {
    "light": {"red": "#B3001B", "amber": "#F2A900", "green": "#1B7F79", "not_scored": "#6B7280"},
    "dark": {"red": "#F0525E", "amber": "#FFD166", "green": "#4FB9C9", "not_scored": "#9AA4B5"},
}
AMBER_INK: Final[Mapping[Theme, str]] = {"light": "#6B4A00", "dark": "#FFD166"}
"""Amber on white is 2.0:1, so words about amber are written in this."""


@dataclass(frozen=True, slots=True)
class KindStyle:
    """A node kind on the chart: `shape` is a name in linkchart.js, `icon` an SVG path in a 24 x 24 box."""

    shape: str
    icon: str
    light: str
    dark: str

    def fill(self, theme: Theme) -> str:
        """The fill colour under a theme."""
        return self.light if theme == "light" else self.dark


_CASE = "M9 4h6a2 2 0 0 1 2 2v1h4a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1h4V6q0-2 2-2zm0 3h6V6z"
_CARD = "M3 5h18a1 1 0 0 1 1 1v3H2V6a1 1 0 0 1 1-1zM2 11h20v7a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1zm3 4v2h5v-2z"
_CAR = "M5 11l2-5a2 2 0 0 1 2-1h6a2 2 0 0 1 2 1l2 5a2 2 0 0 1 2 2v6h-3v-2H6v2H3v-6a2 2 0 0 1 2-2zm2 0h10l-1-4H8z"
_SHOP = "M4 4h16l2 6a3 3 0 0 1-2 2v8H4v-8a3 3 0 0 1-2-2zm3 9v4h5v-4z"
_PHONE = "M7 2h10a1 1 0 0 1 1 1v18a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1zm1 3v12h8V5zm3 14v1h2v-1z"
_ID = "M3 4h18v16H3zM8 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM5 16h6q0-3-3-3t-3 3zM13 9v2h6V9zm0 4v2h6v-2z"
_BADGE = "M12 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 21q0-9 8-9t8 9zM11 14l-1 5 2 2 2-2-1-5z"
_SCREEN = "M4 4h16v12H4zm2 2v8h12V6zM1 18h22v2H1z"
_MAIL = "M2 5h20l-10 7zM2 7.5l10 7 10-7V19H2z"
_GLOBE = "M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20zm-1 2q-3 3-3 7h3zm2 0v7h3q0-4-3-7zm-5 9q0 4 3 7v-7zm5 0v7q3-3 3-7z"
_HOME = "M12 3l10 9h-3v8h-5v-6h-4v6H5v-8H2z"
_PAPER = "M5 2h10l5 5v15H5zm9 2v5h5zM8 12v1.6h8V12zm0 3.5V17h8v-1.5z"

KINDS: Final[Mapping[str, KindStyle]] = {
    "application": KindStyle("circle", _PAPER, "#EEF1F6", "#2A3346"),
    "phone": KindStyle("tall", _PHONE, "#CFE3F7", "#27527C"),
    "national_id": KindStyle("wide", _ID, "#E5DAF3", "#54427A"),
    "address": KindStyle("house", _HOME, "#DDE9CF", "#48602F"),
    "employer": KindStyle("hexagon", _CASE, "#D8E4E8", "#34545F"),
    "dealer": KindStyle("octagon", _SHOP, "#F3E0D2", "#6B4A33"),
    "officer": KindStyle("shield", _BADGE, "#E9DFE4", "#5E4652"),
    "account": KindStyle("tile", _CARD, "#CFE9E4", "#235E58"),
    "device": KindStyle("square", _SCREEN, "#DFE0F5", "#434778"),
    "vehicle": KindStyle("slant", _CAR, "#EFE6C8", "#5F5527"),
    "email": KindStyle("tag", _MAIL, "#F5DCE8", "#6E3F57"),
    "ip": KindStyle("diamond", _GLOBE, "#DCE7F0", "#3B5266"),
    "phone_block": KindStyle("blocks", _PHONE, "#BFD9F2", "#1F4468"),
    "building": KindStyle("roofs", _HOME, "#D2E3BF", "#3B5026"),
    "employer_core": KindStyle("cut", _CASE, "#C9DADF", "#2A4650"),
}
OTHER_KIND: Final = KindStyle("square", _PAPER, "#E6E8EC", "#3A4252")


def kind_style(kind: str) -> KindStyle:
    """How a node of that kind is drawn; kinds the API adds later get a plain square."""
    return KINDS.get(kind, OTHER_KIND)
