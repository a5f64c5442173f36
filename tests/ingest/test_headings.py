"""Headings taken apart: short forms, pinyin, numbers, and whose column it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import vocabulary
from ingest.companions import NOBODYS, heading_scores, people
from ingest.headings import read_heading, strangeness
from ingest.naming import own_score, without_common
from ingest.pinyin import READINGS, spelt
from ingest.words import written_out


@pytest.mark.parametrize(
    ("clipped", "full"),
    [
        ("appl_nbr", "application number"),
        ("apprsl amt", "appraisal amount"),
        ("occptn", "occupation"),
        ("custssn", "customer ssn"),
        ("d.o.b.", "dob"),
        ("ss#", "social security number"),
        ("amt req'd", "amount requested"),
        ("employr", "employer"),
        ("band", "band"),
    ],
)
def test_words_are_written_out(clipped: str, full: str) -> None:
    assert written_out(clipped) == full


@pytest.mark.parametrize("letters", ["shenqingbianhao", "shenqingbh", "sqbh", "sqbianhao", "shqbh"])
def test_pinyin_in_full_or_clipped_is_the_same_phrase(letters: str) -> None:
    assert "申请编号" in [phrase for phrase, _ in spelt(letters)]


def test_the_more_is_spelt_the_surer() -> None:
    sure = [dict(spelt(letters))["期数"] for letters in ("qs", "qis", "qishu")]
    assert sure == sorted(set(sure))
    assert spelt("name") == spelt("q") == spelt("") == ()


def test_every_character_of_the_vocabulary_can_be_spelt() -> None:
    words = [word for group in vocabulary.FIELD_WORDS.values() for word in group]
    words += [*vocabulary.STRANGERS, *vocabulary.CONCEPTS_ZH, *(w for zh, _ in vocabulary.PERSONS.values() for w in zh)]
    assert {c for word in words for c in word if "\u4e00" <= c <= "\u9fff"} <= READINGS.keys()


@pytest.mark.parametrize(
    ("headings", "columns"),
    [
        (("紧急联系人", "紧急电话"), ("reference.1.name", "reference.1.phone")),
        (("手机号", "配偶", "电话"), (None, "co_applicant.1.name", "co_applicant.1.phone")),
        (("亲属姓名", "同事姓名", "亲属电话"), ("reference.1.name", "reference.2.name", "reference.1.phone")),
        (("ref.0.name", "ref.1.name"), ("reference.1.name", "reference.2.name")),
        (("linkman1Name", "linkman1Tel"), ("reference.1.name", "reference.1.phone")),
        (("Applicant 2 SSN", "Applicant Phone 2"), ("co_applicant.1.national_id", None)),
        (("Contact: Name", "Contact: SSN"), (None, None)),
        (("Contract Ref.", "Contact Number"), (None, None)),
        (("共借人姓名", "共同借款人手机"), ("co_applicant.1.name", "co_applicant.1.phone")),
        (("lxr2xm", "lxr2_phone"), ("reference.2.name", "reference.2.phone")),
        (("配偶单位",), (NOBODYS,)),
    ],
)
def test_people_are_told_apart(headings: tuple[str, ...], columns: tuple[str | None, ...]) -> None:
    assert tuple(place and place.column for place in people(headings)) == columns


def test_what_all_headings_begin_with_says_nothing() -> None:
    assert without_common(["t_xm", "t_sjhm", "T_cjh", "t_sqbh"]) == ["xm", "sjhm", "cjh", "sqbh"]
    assert without_common(["1、姓名", "2、手机", "12、车型", "3、地址"]) == ["姓名", "手机", "车型", "地址"]
    assert without_common(["loan_amount", "loan_term", "name"]) == ["loan_amount", "loan_term", "name"]


def test_a_heading_of_nobody_is_known_but_does_not_outweigh_its_field() -> None:
    assert strangeness("性别") == 1.0
    assert strangeness("Customer No.") > own_score("Customer No.", "application_id")
    assert own_score("合同编号", "application_id") > 0.9
    assert own_score("贷款利率", "loan_amount") < 0.35


def test_notes_and_numbers_are_taken_off() -> None:
    heading = read_heading("【必填】联系人二手机(直系)")
    assert heading.index == 2
    assert ("联系人手机", 1.0) in heading.forms


@given(st.lists(st.text(max_size=12), min_size=1, max_size=6, unique=True))
def test_any_heading_gets_scores_between_0_and_1(headings: list[str]) -> None:
    scores = heading_scores(headings, ("application_id", "name", "phone.2", "reference.1.phone", "employer.name"))
    assert ((scores >= 0.0) & (scores <= 1.0)).all()
