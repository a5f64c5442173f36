"""Where a book comes from, and headings of other languages."""

from pathlib import Path

import polars as pl
import pytest

from ingest.foreign import foreign_field
from ingest.mapping import propose, read_mapping
from ingest.origin import Origin, judge_origin


def judged(**columns: list[str]) -> Origin:
    sample = pl.DataFrame(columns)
    return judge_origin(tuple(sample.columns), sample)


def test_prefixes_accounts_and_mail_name_a_country() -> None:
    assert judged(tel=[f"+49 171 89296{n:02d}" for n in range(9)]) == Origin("DE", "phone prefixes")
    assert judged(iban=[f"ES91210004184502000513{n:02d}" for n in range(9)]) == Origin("ES", "IBAN")
    assert judged(mail=[f"a{n}@orange.fr" for n in range(9)]) == Origin("FR", "e-mail")


def test_phones_valid_in_one_country_only_name_it() -> None:
    assert judged(tel=[f"0152/2048{n:02d}30" for n in range(30)]).country == "DE"
    assert judged(tel=[f"415-555-26{n:02d}" for n in range(30)]).country == "US"


def test_chinese_comes_first() -> None:
    assert judged(**{"手机号": ["13800138000"] * 9, "姓名": ["张三"] * 9}).country == "CN"


def test_where_nothing_tells_the_default_is_said_to_be_one() -> None:
    assert judged(name=["John Smith"] * 9, sum=["12000"] * 9) == Origin("US", "nothing", assumed=True)
    assert judged(mail=[f"a{n}@firm.{end}" for n, end in enumerate(["de", "fr"] * 6)]).assumed


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Händlernr.", "dealer_id"),
        ("Geburtsdatum", "birth_date"),
        ("Tel. Arbeitgeber", "employer.phone"),
        ("Mitantragsteller", "co_applicant.1.name"),
        ("Ausweisnr. Mitantragsteller", "co_applicant.1.national_id"),
        ("Referenz 2 Telefon", "reference.2.phone"),
        ("DNI/NIE", "national_id"),
        ("Teléfono de referencia 1", "reference.1.phone"),
        ("Numéro de dossier", "application_id"),
        ("Revenus mensuels", "monthly_income"),
        ("Họ và tên", "name"),
        ("SĐT tham chiếu 1", "reference.1.phone"),
        ("Quan hệ 2", "reference.2.relation"),
        ("Bemerkung", None),
        ("Customer Name", None),
    ],
)
def test_headings_of_other_languages(heading: str, field: str | None) -> None:
    assert foreign_field(heading) == field


def test_a_german_file_is_proposed_whole(tmp_path: Path) -> None:
    head = (
        "Antragsnummer;Eingang;Antragsteller;Ausweisnr.;Geburtsdatum;Handy;Anschrift;Arbeitgeber;Nettoeinkommen;IBAN\n"
    )
    rows = [
        f"{3104 + n};{n + 1:02d}.09.2023 08:43;Jürgen Müller;L01X00T{n:02d};14.02.1961;0171/89296{n:02d};"
        f"Hauptstr. {n}, 45211 Essen;Groß Bau GmbH;2.{n:03d},50 €;DE893704004405320130{n:02d}\n"
        for n in range(25)
    ]
    path = tmp_path / "antraege.csv"
    path.write_text(head + "".join(rows), encoding="cp1252")
    proposal = propose(path)
    fields = ("application_id", "submitted_at", "name", "national_id", "birth_date", "phone.1", "address",
              "employer.name", "monthly_income", "bank_account")  # fmt: skip
    assert proposal.mapping.columns == dict(zip(fields, head.strip().split(";"), strict=True))
    assert (proposal.mapping.country, proposal.mapping.currency, proposal.mapping.date_order) == ("DE", "EUR", "DMY")
    assert "country DE: judged by IBAN" in proposal.toml()
    (tmp_path / "book.toml").write_text(proposal.toml(), encoding="utf-8")
    assert read_mapping(tmp_path / "book.toml") == proposal.mapping
    (tmp_path / "plain.csv").write_text("application_id,submitted_at,name\n1,2026-03-01,Jo Smith\n", encoding="utf-8")
    assert propose(tmp_path / "plain.csv").doubts()[0] == "country not judged: US assumed; name another in [source]"
