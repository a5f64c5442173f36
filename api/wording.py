"""Signals as the reasons, checks and consumer reasons of an answer, in the caller's language."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from api.language import Language
from api.schemas import Check, ConsumerReason, Evidence, Reason
from detectors import words
from detectors.signal import Evidence as SignalEvidence
from detectors.signal import Signal
from graph.schema import KIND

EVIDENCE_SHOWN: Final = 10
ROUND: Final = 4
ROLE_TEXT: Final[dict[tuple[str, Language], str]] = {
    ("own", "en"): "own",
    ("own", "zh"): "本人",
    ("work", "en"): "work",
    ("work", "zh"): "单位",
    ("reference", "en"): "reference",
    ("reference", "zh"): "联系人",
    ("co_applicant", "en"): "co-applicant",
    ("co_applicant", "zh"): "共同申请人",
}
KIND_TEXT: Final[dict[tuple[str, Language], str]] = {
    ("application", "en"): "application",
    ("application", "zh"): "申请",
    ("ring", "en"): "ring",
    ("ring", "zh"): "团伙",
    ("phone_block", "en"): "run of phone numbers",
    ("phone_block", "zh"): "连号号段",
    ("building", "en"): "building",
    ("building", "zh"): "楼栋",
    ("employer_core", "en"): "employer name",
    ("employer_core", "zh"): "单位名称",
}


def kind_text(kind: str, language: Language) -> str:
    """The name of a node kind."""
    found = KIND.get(kind)
    if found is not None:
        return found.zh if language == "zh" else found.en
    return KIND_TEXT.get((kind, language), kind)


def role_text(role: str, language: Language) -> str:
    """The name of a role."""
    return ROLE_TEXT.get((role, language), role)


@lru_cache(maxsize=1024)
def _fixed(code: str, language: Language) -> tuple[str, str]:
    return words.reason(code).family, words.innocent(code, language)


def reason(signal: Signal, language: Language, *, evidence: bool = True) -> Reason:
    """One signal in words."""
    family, innocent = _fixed(signal.reason, language)
    label = signal.evidence[0].label if signal.evidence else ""
    return Reason(
        code=signal.reason,
        family=family,
        weight=round(signal.weight, ROUND),
        strength=round(signal.strength, ROUND),
        text=words.text(signal.reason, language, label=label, n=signal.n, days=signal.days),
        innocent=innocent,
        evidence=[_evidence(signal_evidence) for signal_evidence in signal.evidence] if evidence else [],
    )


def reasons(signals: Iterable[Signal], language: Language) -> list[Reason]:
    """Signals in words, in their order."""
    return [reason(signal, language) for signal in signals]


def _evidence(item: SignalEvidence) -> Evidence:
    return Evidence(
        kind=item.kind,
        token=item.token,
        label=item.label,
        applications=list(item.applications[:EVIDENCE_SHOWN]),
        total=item.total,
    )


def checks(signals: Sequence[Signal], language: Language) -> list[Check]:
    """What to check, each once, in order of the reasons."""
    codes = dict.fromkeys(words.reason(signal.reason).check for signal in signals)
    return [Check(code=code, text=words.check_text(code, language)) for code in codes if code]


def consumer_reasons(signals: Sequence[Signal], language: Language) -> list[ConsumerReason]:
    """What may be told to the applicant: only reasons about their own data, each once."""
    known = [words.reason(signal.reason) for signal in signals]
    codes = dict.fromkeys(row.consumer for row in known if row.about_applicant and row.consumer)
    return [ConsumerReason(code=code, text=words.consumer_text(code, language)) for code in codes]
