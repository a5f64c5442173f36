"""What must be known of a source before its text can be read: country, currency, time zone, order of dates."""

from dataclasses import dataclass

from ingest.countries import CURRENCIES, ZONES, usual_date_order, usual_decimal


@dataclass(frozen=True, slots=True)
class SourceContext:
    """How the text of one source is meant. `date_order` decides dates that can be read in two ways.

    `decimal` decides amounts that can: the mark before the cents, "" for the country's usual one.
    """

    country: str = "CN"
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    date_order: str = "YMD"
    decimal: str = ""

    @staticmethod
    def of_country(country: str) -> "SourceContext":
        """The country's own currency, time zone and order of dates. Raises KeyError where these are not known."""
        return SourceContext(country, CURRENCIES[country], ZONES[country], usual_date_order(country))

    def decimal_mark(self) -> str:
        """The mark before the cents."""
        return self.decimal or usual_decimal(self.country)
