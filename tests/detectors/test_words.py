"""The catalogue is complete, bilingual, and reads well for one and for many."""

import string
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import words
from graph.errors import SettingsError, UsageError

CODES = [
    "SHARED_PHONE",
    "REFERENCE_IS_APPLICANT",
    "SHARED_REFERENCE",
    "REFERENCE_MANY_NAMES",
    "REFERENCE_OTHER_NAME",
    "WORK_PHONE_PERSONAL",
    "SHARED_WORK_PHONE",
    "EMPLOYER_BURST",
    "EMPLOYER_VARIANTS",
    "SHARED_ADDRESS",
    "BUILDING_BURST",
    "SHARED_ACCOUNT",
    "SHARED_DEVICE",
    "SHARED_VEHICLE",
    "SHARED_EMAIL",
    "SHARED_IP",
    "PHONE_RUN",
    "SAME_PERSON_MANY",
    "IDENTITY_CONFLICT",
    "ID_CHECK_FAILED",
    "OFFICER_EMPLOYER",
    "OFFICER_INCOME",
    "OFFICER_REGION",
    "APPRAISAL_HIGH",
    "OFFICER_APPRAISAL",
    "HOLDER_MISMATCH",
    "PRICE_FOR_INCOME",
    "NEAR_RISK",
    "DENSE_GROUP",
    "WATCHLIST_HIT",
    "KNOWN_FRAUD_LINK",
    "OUTLIER",
]
TYPOLOGIES = [
    "synthetic_identity",
    "straw_buyer",
    "dealer_officer",
    "fake_employer",
    "device_farm",
    "loan_stacking",
    "address_mill",
    "bust_out",
    "double_pledge",
    "account_funnel",
    "reference_web",
    "cohort",
    "mixed",
]
RAW = tomllib.loads(words.CATALOGUE.read_text(encoding="utf-8"))
ALLOWED = {"label", "n", "days", "people", "applications", "within"}


def _has_han(value: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in value)


def test_codes_are_exactly_the_agreed_ones() -> None:
    assert sorted(words.codes()) == sorted(CODES)
    assert sorted(RAW["typology"]) == sorted(TYPOLOGIES)
    assert frozenset(RAW["family"]) == words.FAMILIES


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_complete_in_both_languages(code: str) -> None:
    row = RAW["reason"][code]
    assert set(row) == {"family", "about_applicant", "check", "consumer", "en", "zh"}
    assert set(row["en"]) == set(row["zh"]) == {"text", "innocent"}
    placeholders = {
        lang: {name for _, name, _, _ in string.Formatter().parse(row[lang]["text"]) if name} for lang in ("en", "zh")
    }
    assert placeholders["en"] == placeholders["zh"] <= ALLOWED
    said = words.reason(code)
    assert (said.code, said.family in words.FAMILIES) == (code, True)
    for lang in words.LANGUAGES:
        assert words.check_text(said.check, lang)
        assert words.consumer_text(said.consumer, lang)
        assert words.innocent(code, lang)


def test_languages_are_what_they_say() -> None:
    for (section, key, lang), said in words.read_catalogue(words.CATALOGUE).texts.items():
        assert _has_han(said) == (lang == "zh"), (section, key, lang)
        assert said == said.strip(), (section, key, lang)
        assert not said.endswith((".", "。")), (section, key, lang)


def test_every_check_and_consumer_text_is_used() -> None:
    said = [words.reason(code) for code in CODES]
    assert {w.check for w in said} == set(RAW["check"])
    assert {w.consumer for w in said} == set(RAW["consumer"])
    assert {w.family for w in said} == words.FAMILIES


@given(
    code=st.sampled_from(CODES),
    lang=st.sampled_from(words.LANGUAGES),
    label=st.sampled_from(["", "138****1234", "{n}", "<img src=x>", "张** "]),
    n=st.integers(0, 10**6),
    days=st.integers(0, 5000),
)
def test_texts_format_for_any_numbers(code: str, lang: str, label: str, n: int, days: int) -> None:
    said = words.text(code, lang, label=label, n=n, days=days)
    assert said
    assert "  " not in said
    assert label == "{n}" or "{" not in said
    if "{label}" in RAW["reason"][code][lang]["text"]:
        assert (label.strip() or {"en": "(no label)", "zh": "（无标识）"}[lang]) in said


def test_one_and_many_read_well() -> None:
    one = words.text("SHARED_PHONE", "en", label="138****1234", n=1, days=0)
    many = words.text("SHARED_PHONE", "en", label="138****1234", n=4, days=9)
    assert one == "The applicant's phone 138****1234 is also used by 1 other person, on the same day"
    assert many == "The applicant's phone 138****1234 is also used by 4 other people, within 9 days"
    zh = words.text("SHARED_PHONE", "zh", label="138****1234", n=4, days=9)
    assert zh == "申请人电话138****1234还被另外4人使用（9天内）"


def test_reasons_of_mere_surroundings_are_not_about_the_applicant() -> None:
    around = {code for code in CODES if not words.reason(code).about_applicant}
    assert around >= {"NEAR_RISK", "DENSE_GROUP", "KNOWN_FRAUD_LINK", "OFFICER_EMPLOYER", "OFFICER_INCOME"}
    assert "SHARED_PHONE" not in around


def test_consumer_texts_never_speak_of_others() -> None:
    for row in RAW["consumer"].values():
        assert not any(word in row["en"].lower() for word in ("other", "shared", "network", "fraud", "watch", "ring"))
        assert not any(word in row["zh"] for word in ("他人", "共用", "网络", "欺诈", "名单", "团伙"))


def test_unknown_words_are_refused() -> None:
    with pytest.raises(UsageError):
        words.reason("NO_SUCH")
    with pytest.raises(UsageError):
        words.text("SHARED_PHONE", "fr", label="", n=1, days=1)
    with pytest.raises(UsageError):
        words.typology_text("no_such", "en")


def test_a_broken_catalogue_names_what_is_missing(tmp_path: Path) -> None:
    whole = words.CATALOGUE.read_text(encoding="utf-8")
    broken = tmp_path / "reasons.toml"
    broken.write_text(whole.replace('check = "REVIEW_WATCHLIST"', 'check = "NOBODY"'), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"check\.NOBODY"):
        words.read_catalogue(broken)
    broken.write_text("[reason", encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be read"):
        words.read_catalogue(broken)
