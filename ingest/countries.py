"""What is usual in a country: currency, time zone, order of dates, the mark before the cents."""

from typing import Final

import phonenumbers

OWN_RULES: Final = ("CN", "US")
"""Countries whose IDs, phones and addresses have rules of their own here; the others share general ones."""
UMLAUT: Final = frozenset({"DE", "AT", "CH", "LI"})
"""Where ä, ö, ü may as well be written ae, oe, ue."""
DATE_ORDERS: Final = ("YMD", "DMY", "MDY")
_EURO: Final = "AT BE CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK"
_ZONES: Final = """
CN Asia/Shanghai|US America/New_York|AT Europe/Vienna|BE Europe/Brussels|BG Europe/Sofia|CH Europe/Zurich
CO America/Bogota|CY Asia/Nicosia|CZ Europe/Prague|DE Europe/Berlin|DK Europe/Copenhagen|EE Europe/Tallinn
ES Europe/Madrid
FI Europe/Helsinki|FR Europe/Paris|GB Europe/London|GR Europe/Athens|HK Asia/Hong_Kong|HR Europe/Zagreb
HU Europe/Budapest|IE Europe/Dublin|IL Asia/Jerusalem|IN Asia/Kolkata|IT Europe/Rome|JP Asia/Tokyo|KE Africa/Nairobi
KR Asia/Seoul|LI Europe/Vaduz|LT Europe/Vilnius|LU Europe/Luxembourg|LV Europe/Riga|MT Europe/Malta
MY Asia/Kuala_Lumpur|NG Africa/Lagos|NL Europe/Amsterdam|NO Europe/Oslo|PE America/Lima|PH Asia/Manila
PL Europe/Warsaw|PT Europe/Lisbon|RO Europe/Bucharest|RS Europe/Belgrade|SE Europe/Stockholm|SG Asia/Singapore
SI Europe/Ljubljana|SK Europe/Bratislava|TH Asia/Bangkok|TR Europe/Istanbul|TW Asia/Taipei|VN Asia/Ho_Chi_Minh
ZA Africa/Johannesburg
"""
_CURRENCIES: Final = """
CN CNY|US USD|BG EUR|CH CHF|CO COP|CZ CZK|DK DKK|GB GBP|HK HKD|HU HUF|IL ILS|IN INR|JP JPY|KE KES|KR KRW|LI CHF
MY MYR|NG NGN|NO NOK|PE PEN|PH PHP|PL PLN|RO RON|RS RSD|SE SEK|SG SGD|TH THB|TR TRY|TW TWD|VN VND|ZA ZAR|AU AUD
BR BRL|CA CAD|CL CLP|ID IDR|MX MXN|NZ NZD|UA UAH
"""


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split() for line in text.split("\n") for pair in line.split("|") if pair)


ZONES: Final[dict[str, str]] = _pairs(_ZONES)
"""Time zones (IANA tz database) of countries where nearly all live by one clock, and New York for the US."""
CURRENCIES: Final[dict[str, str]] = _pairs(_CURRENCIES) | dict.fromkeys(_EURO.split(), "EUR")
_YEAR_FIRST: Final = frozenset({"CN", "TW", "HK", "JP", "KR", "HU", "LT", "SE", "CA", "MN", "ZA", "IR"})
_POINT: Final = """
CN US AU BD BW CA CH DO EG GB GH GT HK HN IE IL IN IR JM JO JP KE KR LI LK MM MO MT MX MY NG NI NP NZ PA PE PH PK PR SA
SG SV TH TT TW TZ UG ZW
"""
"""Where the cents stand behind a point (Unicode CLDR); elsewhere behind a comma."""
_POINT_BEFORE_CENTS: Final = frozenset(_POINT.split())
_ISO_4217: Final = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD
IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF
XPF YER ZAR ZMW ZWG
"""
_NO_MINOR: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
MINOR_DIGITS: Final[dict[str, int]] = (
    dict.fromkeys(_ISO_4217.split(), 2) | dict.fromkeys(_NO_MINOR.split(), 0) | dict.fromkeys(_THREE.split(), 3)
)
"""Digits of the minor unit (ISO 4217)."""


def is_country(code: str) -> bool:
    """Whether it is an ISO 3166 code of a country whose telephone numbers are known."""
    return code in phonenumbers.SUPPORTED_REGIONS


def usual_date_order(country: str) -> str:
    """YMD, DMY or MDY."""
    return "MDY" if country in ("US", "PH") else "YMD" if country in _YEAR_FIRST else "DMY"


def usual_decimal(country: str) -> str:
    """The mark before the cents: a point or a comma."""
    return "." if country in _POINT_BEFORE_CENTS else ","
