"""Books of countries that have no rules of their own here: phones, IDs, amounts, words."""

import phonenumbers
import polars as pl
import pytest

from graph.schema import FieldKind as K
from ingest.clean import clean_texts
from ingest.columns import Names, run
from ingest.countries import CURRENCIES, MINOR_DIGITS, ZONES, is_country
from ingest.link import FACT_STAGES
from ingest.numbering import parse_number, read_numbers
from ingest.source import SourceContext

DE, ES, VN, GB, FR = (SourceContext.of_country(code) for code in ("DE", "ES", "VN", "GB", "FR"))
KW = SourceContext("KW", "KWD", "Asia/Kuwait", "DMY", ".")


def clean(text: str, kind: K, source: SourceContext) -> tuple[object, str | None]:
    row = clean_texts(pl.Series([text]), kind, source).row(0)
    return row[0], row[1]


def fact(kind: str, value: str, name: str) -> object:
    return run({"f": (FACT_STAGES[kind](Names("f")), [pl.Series("v", [value])])}, [name])["f"][name][0]


def test_tables_hold_what_libraries_know() -> None:
    assert all(is_country(code) for code in {*ZONES, *CURRENCIES})
    assert set(CURRENCIES.values()) <= set(MINOR_DIGITS)
    assert (MINOR_DIGITS["VND"], MINOR_DIGITS["JPY"], MINOR_DIGITS["EUR"], MINOR_DIGITS["KWD"]) == (0, 0, 2, 3)
    assert SourceContext.of_country("DE") == SourceContext("DE", "EUR", "Europe/Berlin", "DMY")
    assert SourceContext.of_country("US") == SourceContext("US", "USD", "America/New_York", "MDY")


@pytest.mark.parametrize(
    "text",
    [
        "0171 8929600",
        "0171/8929600",
        "+49 (0)171 8929600",
        "0049171 8929600",
        "+491718929600",
        "0171-8929600",
        "(0171) 892 96 00",
    ],
)
def test_one_german_phone_in_many_spellings(text: str) -> None:
    assert clean(text, K.PHONE, DE) == ("+491718929600", None)


@pytest.mark.parametrize(
    ("text", "source", "value", "problem"),
    [
        ("628 84 57 13", ES, "+34628845713", None),
        ("+34 654498451", ES, "+34654498451", None),
        ("0912.345.678", VN, "+84912345678", None),
        ("06 12 34 56 78", FR, "+33612345678", None),
        ("07221/123456", DE, "+497221123456", None),
        ("0171 8929600 / 030 1234567", DE, "+491718929600", "several_values"),
        ("+33 6 12 34 56 78", DE, "+33612345678", None),
        ("0281 592 218", VN, "+84281592218", None),  # as long as numbers are, in no range that is known
        ("030", DE, None, "unreadable"),
        ("0171 0000000", DE, None, "placeholder"),
        ("1.72E+10", DE, None, "scientific_notation"),
        ("0171****600", DE, None, "masked_value"),
    ],
)
def test_phones(text: str, source: SourceContext, value: str | None, problem: str | None) -> None:
    assert clean(text, K.PHONE, source) == (value, problem)


@pytest.mark.parametrize(
    "country", ["DE", "AT", "CH", "ES", "FR", "IT", "PT", "NL", "PL", "VN", "GB", "BR", "MX", "JP", "IN"]
)
def test_the_short_way_reads_what_the_library_reads(country: str) -> None:
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
        number = phonenumbers.example_number_for_type(country, kind)
        forms = [phonenumbers.format_number(number, form) for form in (0, 1, 2)]
        texts = ["".join(c for c in form if c in "+0123456789") for form in forms]
        assert read_numbers(texts, country) == [parse_number(text, country) for text in texts]


def test_what_a_phone_of_another_country_tells() -> None:
    assert fact("phone", "+491718929600", "sort") == "mobile"
    assert fact("phone", "+4971112345678", "sort") == "fixed"
    assert fact("phone", "+491718929600", "block") == "+4917189296"
    assert fact("phone", "+491718929600", "label") == "+49****9600"


@pytest.mark.parametrize(
    ("text", "value", "problem"),
    [
        ("L01X00T47", "DE:L01X00T47", None),
        ("l01x 00t47", "DE:L01X00T47", None),
        ("CYRGPNKK2", "DE:CYRGPNKK2", None),
        ("44.048.734-P", "DE:44048734P", None),
        ("DE:L01X00T47", "DE:L01X00T47", None),
        ("12345", "DE:12345", None),
        ("unknown", None, "unreadable"),
        ("REISEPASS", None, "unreadable"),
        ("12AB", None, "unreadable"),
        ("000000000", None, "placeholder"),
        ("123456789", None, "placeholder"),
        ("L01****47", None, "masked_value"),
    ],
)
def test_ids_are_opaque(text: str, value: str | None, problem: str | None) -> None:
    assert clean(text, K.NATIONAL_ID, DE) == (value, problem)


def test_no_number_is_taken_for_an_american_or_chinese_one() -> None:
    for digits in ("900412345", "110105199003071234"):
        value, _ = clean(digits, K.NATIONAL_ID, DE)
        assert (fact("national_id", str(value), "check"), fact("national_id", str(value), "birth")) == (None, None)


@pytest.mark.parametrize(
    ("text", "source", "minor"),
    [
        ("1.234,56 EUR", DE, 123_456),
        ("1 234,56", DE, 123_456),
        ("1,234.56", DE, 123_456),  # can be read in one way only
        ("1234.56", DE, 123_456),
        ("1.234", DE, 123_400),
        ("33.944,00 €", DE, 3_394_400),
        ("1.200,-", DE, 120_000),
        ("2.500 € / Monat", DE, 250_000),
        ("0,125", DE, 13),
        ("1.234.567,89", DE, 123_456_789),
        ("1,234", GB, 123_400),
        ("£1,234.50", GB, 123_450),
        ("12.000.000 ₫", VN, 12_000_000),
        ("1.250.000.000", VN, 1_250_000_000),
        ("12,000,000", VN, 12_000_000),
        ("145170000.00", VN, 145_170_000),
        ("450 triệu", VN, 450_000_000),
        ("1.234", KW, 1_234),
    ],
)
def test_amounts(text: str, source: SourceContext, minor: int) -> None:
    assert clean(text, K.MONEY, source) == (minor, None)


@pytest.mark.parametrize(
    ("text", "source"), [("1,234", DE), ("1.234", GB), ("1.23.456", DE), ("12 34", DE), ("viel", DE)]
)
def test_an_amount_that_two_countries_read_differently_is_not_guessed(text: str, source: SourceContext) -> None:
    assert clean(text, K.MONEY, source) == (None, "unreadable")


def test_a_declared_mark_decides() -> None:
    assert clean("1,234", K.MONEY, SourceContext("DE", "EUR", "Europe/Berlin", "DMY", ".")) == (123_400, None)
    assert clean("1.234,56", K.MONEY, SourceContext("US", "USD", "America/New_York", "MDY", ",")) == (123_456, None)


@pytest.mark.parametrize(
    ("text", "value"), [("Gebraucht", "used"), ("Neu", "new"), ("Cũ", "used"), ("Ocasión", "used")]
)
def test_condition_in_other_languages(text: str, value: str) -> None:
    assert clean(text, K.CONDITION, DE) == (value, None)


@pytest.mark.parametrize(
    ("source", "texts", "value", "building", "label"),
    [
        (
            DE,
            ["Schloßstr. 12 b, 70173 Stuttgart", "SCHLOSSSTRASSE 12b, 70173 STUTTGART", "Schloß-Straße 12B, Stuttgart"],
            "SCHLOSSSTR 12B, STUTTGART", "SCHLOSSSTR 12B, STUTTGART", "**** STUTTGART",
        ),
        (
            DE,
            ["Königsweg 5, 80331 München", "Koenigsweg 5, D-80331 Muenchen", "Konigsweg 5, Munchen"],
            "KONIGSWEG 5, MUNCHEN", "KONIGSWEG 5, MUNCHEN", "**** MUNCHEN",
        ),
        (
            ES,
            ["C/ Mayor, 5, 3º D, 28001 Madrid", "CALLE MAYOR nº 5 3º D Madrid", "Calle Mayor 5, 3 D, 28001 Madrid"],
            "CALLE MAYOR 5 # 3D, MADRID", "CALLE MAYOR 5, MADRID", "**** MADRID",
        ),
        (
            ES,
            ["Pº San José, 93, 1º Izq, 50005 Zaragoza", "Paseo San Jose nº 93 1 Izqda Zaragoza"],
            "PASEO SAN JOSE 93 # 1I, ZARAGOZA", "PASEO SAN JOSE 93, ZARAGOZA", "**** ZARAGOZA",
        ),
        (
            VN,
            ["P1408, Số 4 Đường Láng Hạ, Phường 3, Hà Nội", "P1408, 4 Lang Ha, P.3, Ha Noi"],
            "4 LANG HA PHUONG 3 HA NOI # P1408", "4 LANG HA PHUONG 3 HA NOI", "****",
        ),
        (
            FR,
            ["12 bd. de l'Église, 75011 Paris", "12 Boulevard de l'Eglise, Paris"],
            "12 BD DE LEGLISE PARIS", "12 BD DE LEGLISE PARIS", "****",
        ),
    ],
)  # fmt: skip
def test_one_home_in_the_spellings_of_a_country(
    source: SourceContext, texts: list[str], value: str, building: str, label: str
) -> None:
    assert {clean(text, K.ADDRESS, source) for text in texts} == {(value, None)}
    assert (fact("address", value, "building"), fact("address", value, "label")) == (building, label)


@pytest.mark.parametrize(
    ("one", "other", "source"),
    [
        ("Bergstr. 12, 04464 Leipzig", "Bergstr. 12a, 04464 Leipzig", DE),
        ("Bauerweg 1, 45211 Essen", "Baurweg 1, 45211 Essen", DE),
        ("C/ Mayor, 5, 3º D, 28001 Madrid", "C/ Mayor, 5, 3º C, 28001 Madrid", ES),
        ("Hauptstr. 5, 45211", "Hauptstr. 5, 80331", DE),  # without a town the post code is all there is
        ("Calle 5 1234 Lima", "Calle 5 1235 Lima", SourceContext.of_country("PE")),
    ],
)
def test_what_differs_stays_apart(one: str, other: str, source: SourceContext) -> None:
    assert clean(one, K.ADDRESS, source) != clean(other, K.ADDRESS, source)


@pytest.mark.parametrize(
    ("source", "texts", "value", "core"),
    [
        (DE, ["Müller & Söhne GmbH & Co. KG", "MUELLER & SOEHNE GMBH & CO KG"],
         "MULLER & SOHNE (GMBH & CO KG)", "MULLER & SOHNE"),
        (DE, ["Süß Heizung UG (haftungsbeschränkt)", "Suess Heizung UG"], "SUSS HEIZUNG (UG)", "SUSS HEIZUNG"),
        (ES, ["Rodríguez Climatización S.L.", "RODRIGUEZ CLIMATIZACION SL"],
         "RODRIGUEZ CLIMATIZACION (SL)", "RODRIGUEZ CLIMATIZACION"),
        (VN, ["Công ty TNHH MTV Tân Hải", "CONG TY TNHH MTV TAN HAI"], "TAN HAI (TNHH MTV)", "TAN HAI"),
        (VN, ["Công ty Cổ phần Sữa Việt", "Cty CP Sua Viet"], "SUA VIET (CP)", "SUA VIET"),
    ],
)  # fmt: skip
def test_one_firm_in_two_spellings(source: SourceContext, texts: list[str], value: str, core: str) -> None:
    assert {clean(text, K.EMPLOYER, source) for text in texts} == {(value, None)}
    assert fact("employer", value, "core") == core


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        (DE, ["Jürgen Müller", "JUERGEN MUELLER", "Muller, Jurgen"]),
        (VN, ["Đỗ Minh Hiếu", "DO MINH HIEU"]),
        (ES, ["Ángela Muñoz", "ANGELA MUNOZ"]),
    ],
)
def test_names_without_accents_are_the_same_names(source: SourceContext, texts: list[str]) -> None:
    assert len({clean(text, K.NAME, source) for text in texts}) == 1


def test_accents_stay_where_china_and_america_keep_them() -> None:
    for source in (SourceContext(), SourceContext.of_country("US")):
        assert clean("José Núñez", K.NAME, source) == ("JOSÉ NÚÑEZ", None)
