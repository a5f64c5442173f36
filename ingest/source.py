"""What must be known of a source before its text can be read: country, currency, time zone, order of dates."""

from dataclasses import dataclass
from typing import Final

COUNTRIES: Final = ("CN", "US")
DATE_ORDERS: Final = ("YMD", "DMY", "MDY")
DEFAULTS: Final[dict[str, tuple[str, str, str]]] = {
    "CN": ("CNY", "Asia/Shanghai", "YMD"),
    "US": ("USD", "America/New_York", "MDY"),
}
MINOR_DIGITS: Final[dict[str, int]] = {"CNY": 2, "USD": 2, "EUR": 2, "HKD": 2, "TWD": 2, "SGD": 2, "GBP": 2, "JPY": 0}
"""Digits of the minor unit (ISO 4217)."""


@dataclass(frozen=True, slots=True)
class SourceContext:
    """How the text of one source is meant. `date_order` decides dates that can be read in two ways."""

    country: str = "CN"
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    date_order: str = "YMD"

    @staticmethod
    def of_country(country: str) -> "SourceContext":
        """The country's own currency, time zone and order of dates."""
        return SourceContext(country, *DEFAULTS[country])
