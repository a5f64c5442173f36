"""Names, firms and addresses of other countries: accents, legal forms, street words, where the house number stands."""

from typing import Final

from ingest.countries import UMLAUT
from ingest.rules import Rule, when

_LETTERS: Final = {
    "Đ": "D",
    "Ø": "O",
    "Ł": "L",
    "Æ": "AE",
    "Œ": "OE",
    "ẞ": "SS",
    "ß": "SS",
    "Þ": "TH",
    "Ð": "D",
    "Ħ": "H",
}
_GERMAN: Final = {
    "PL": "PLATZ", "STRASSE": "STR", "APARTMENT": "#", "APP": "#", "WOHNUNG": "#", "WHG": "#", "ST": "SANKT",
    "DEUTSCHLAND": "", "GERMANY": "",
}  # fmt: skip
_SPANISH: Final = {
    "C": "CALLE", "CL": "CALLE", "CALL": "CALLE", "AVDA": "AV", "AVD": "AV", "AVENIDA": "AV", "AVE": "AV",
    "PZA": "PLAZA", "PL": "PLAZA", "PLZA": "PLAZA", "PZ": "PLAZA", "PO": "PASEO", "PSO": "PASEO", "P": "PASEO",
    "CTRA": "CARRETERA", "CRA": "CARRERA", "URB": "URBANIZACION", "PJE": "PASAJE", "DCHA": "D", "DERECHA": "D",
    "IZQ": "I", "IZQDA": "I", "IZDA": "I", "IZQUIERDA": "I", "PISO": "", "PUERTA": "", "PTA": "", "PLANTA": "",
    "NUM": "", "NUMERO": "", "BAJO": "BJ", "DOCTOR": "DR", "STA": "SANTA", "ESPANA": "", "SPAIN": "",
}  # fmt: skip
_FRENCH: Final = {
    "AVENUE": "AV", "AVE": "AV", "BOULEVARD": "BD", "BLVD": "BD", "BLD": "BD", "BOUL": "BD", "PLACE": "PL",
    "ALLEE": "ALL", "CHEMIN": "CHE", "CH": "CHE", "ROUTE": "RTE", "IMPASSE": "IMP", "SQUARE": "SQ", "SAINT": "ST",
    "SAINTE": "STE", "R": "RUE", "APPARTEMENT": "#", "APPT": "#", "APT": "#", "FRANCE": "", "NUMERO": "",
}  # fmt: skip
_ITALIAN: Final = {
    "V": "VIA", "VLE": "VIALE", "CSO": "CORSO", "PZZA": "PIAZZA", "PZA": "PIAZZA", "LGO": "LARGO",
    "INTERNO": "#", "INT": "#", "SCALA": "SC", "ITALIA": "",
}  # fmt: skip
_PORTUGUESE: Final = {
    "R": "RUA", "AVENIDA": "AV", "TV": "TRAVESSA", "PCA": "PRACA", "PC": "PRACA", "EST": "ESTRADA", "AL": "ALAMEDA",
    "APARTAMENTO": "#", "APTO": "#", "AP": "#", "APT": "#", "BL": "BLOCO", "DTO": "D", "DIREITO": "D", "ESQ": "E",
    "ESQUERDO": "E", "ANDAR": "", "NUM": "", "NUMERO": "",
}  # fmt: skip
_DUTCH: Final = {"STR": "STRAAT", "PLN": "PLEIN", "BUS": "#", "NEDERLAND": ""}
_VIETNAMESE: Final = {
    "DUONG": "", "D": "", "PHO": "", "SO": "", "TP": "", "TPHCM": "HO CHI MINH", "HCM": "HO CHI MINH",
    "HCMC": "HO CHI MINH", "P": "PHUONG", "Q": "QUAN", "H": "HUYEN", "TX": "THI XA", "T": "TINH", "VIETNAM": "",
}  # fmt: skip
_WORDS: Final[dict[str, dict[str, str]]] = {
    **dict.fromkeys(("DE", "AT", "CH", "LI"), _GERMAN),
    **dict.fromkeys(("ES", "MX", "AR", "CL", "CO", "PE", "EC", "UY", "CR", "DO", "GT"), _SPANISH),
    **dict.fromkeys(("FR", "BE", "LU", "MC"), _FRENCH),
    **dict.fromkeys(("PT", "BR"), _PORTUGUESE),
    "IT": _ITALIAN, "NL": _DUTCH, "VN": _VIETNAMESE,
}  # fmt: skip
"""Country -> street and unit words and the one spelling they get; "" where usage leaves them out."""
_POSTCODES: Final = {
    **dict.fromkeys(("DE", "ES", "FR", "IT", "FI", "MC"), "[0-9]{5}"),
    **dict.fromkeys(("AT", "CH", "BE", "LU", "DK", "NO", "SI", "LI"), "[0-9]{4}"),
    "NL": "[0-9]{4} ?[A-Z]{2}", "PT": "[0-9]{4} ?[0-9]{3}", "PL": "[0-9]{2} [0-9]{3}",
}  # fmt: skip
"""Codes that stand before the town and say nothing that street, number and town do not."""
_JOINED: Final = "STR|WEG|PLATZ|ALLEE|GASSE|RING|DAMM|UFER|HOF|STEIG|CHAUSSEE|MARKT"
_UNIT: Final = r"(?:(?:[0-9]+[A-Z]?|[A-Z]{1,2}) )+"
_FORMS: Final = (
    "GMBH & CO (?:KG|OHG)|GGMBH|GMBH|MBH|UG|AG & CO KG|AG|SE|KGAA|KG|OHG|GBR|EK|E K|EKFM|EV|OG|EU"
    "|SLU|SL|SLL|SLP|SAU|SA|SAL|SCOOP|S COOP|CB|SC|SCP|SA DE CV|S DE RL DE CV|SAPI DE CV"
    "|SARL|SAS|SASU|EURL|SNC|SCI|SRLS|SRL|SPA|SAPA|SS|LTDA|LDA|ME|EIRELI|BV|NV|VOF|CV|BVBA|SP Z O O|SPOLKA Z O O"
    "|LTD|LIMITED|PLC|LLP|LLC|INC|CORP|CO LTD|PTY LTD|PVT LTD|OY|OYJ|AB|ASA|A S|APS|AS|SRO|S R O|KFT|ZRT|DOO"
)
_FORM_BEHIND: Final = rf"^(.*?[^ &]) \(?({_FORMS})\)?$"
_FORM_BEFORE: Final = (
    r"^(?:CONG TY|CTY|CT) ((?:TNHH|CP|CO PHAN|TRACH NHIEM HUU HAN|HOP DANH)(?: (?:MTV|MOT THANH VIEN|TM DV|TMDV))*)"
    r" (.+)$"
)


def folded(text: Rule, country: str) -> Rule:
    """Upper-case text without accents; ä, ae and a alike where both are written."""
    plain = text.upper().unaccented().replace_words(_LETTERS)
    plain = plain.replace_all(" +", " ").strip(" ")  # an accent that stands alone leaves a blank
    if country not in UMLAUT:
        return plain
    plain = plain.replace_all("(A|O)E+", "$1")
    return plain.replace_all("(^|[^AEOQU])UE+", "${1}U")


def firm(folded_text: Rule) -> Rule:
    """A firm's spelling with its legal form in brackets at the end: MULLER BAU (GMBH)."""
    bare = folded_text.replace_all(r"\(?HAFTUNGSBESCHR[A-Z]*\)?", "").replace_all(" +", " ").strip(" ")
    behind = bare.replace(_FORM_BEHIND, "$1 ($2)")
    before = behind.replace(_FORM_BEFORE, "$2 ($1)").replace_all("CO PHAN", "CP")
    return before.replace_all("TRACH NHIEM HUU HAN", "TNHH").replace_all("MOT THANH VIEN", "MTV")


def place(folded_text: Rule, country: str) -> Rule:
    """One spelling of an address: `STREET 12A # 4D, TOWN`, or `12 STREET TOWN # 4` where the number came first."""
    text = folded_text.replace_all(r"[°’'`´]", "").replace(r"^C/ ?", "CALLE ").replace_all(r"[,.;:()\"/|]", " ")
    text = text.replace(r"\b[A-Z]{1,2}-([0-9]{4,5}) ", "$1 ")  # D-80331
    text = text.replace_all("#", " # ").replace_all(r"\b([0-9]+)O\b", "$1").replace_all(r"\bNO? ?([0-9])", "$1")
    if country in UMLAUT:
        text = text.replace_all(r"STRASSE\b", "STR").replace_all(rf"([A-Z])[- ]+({_JOINED})\b", "$1$2")
    text = text.replace_all(r"([A-Z])-", "$1 ").replace_all(r"-([A-Z])", " $1")
    if country == "VN":
        text = text.replace_all(r"\b(P|Q) ?([0-9]{1,2})\b", "$1 $2").replace_all(r"\bTHANH PHO\b", " ")
        text = text.replace_all(r"\bPHONG ([0-9])", "P$1")
    padded = "  " + text.replace_all(" +", "  ").strip(" ") + "  "
    words = {f" {word} ": f" {short} " for word, short in _WORDS.get(country, {}).items()}
    short = (padded.replace_words(words) if words else padded).replace_all(" +", " ").strip(" ")
    short = short.replace_all(r"\b([0-9]+) ([A-Z])\b", "$1$2")
    if country in _POSTCODES:
        short = short.replace(rf"^(.*[0-9].*) {_POSTCODES[country]} ([A-Z][^0-9]*)$", "$1 $2")
    return _arranged(short)


def _arranged(text: Rule) -> Rule:
    """Flat behind the house; a comma only where the house number follows the street."""
    first = text.replace(r"^(?:# ?([^ ]+)|(P[0-9]{3,4}[A-Z]?)) ([0-9].*)$", "$3 # $1$2")
    last = text.replace_all(" ?# ?", " ")
    last = last.replace(
        rf"^([^0-9]*[A-Z][^0-9]*) ([0-9]+[A-Z]?(?:-[0-9]+[A-Z]?)?) ({_UNIT})?([A-Z][^0-9]+)$", "$1 $2 #$3, $4"
    )
    last = last.replace_all("#,", ",").replace_all(" ,", ",").replace(" #([^,]*),", " # $1,")
    return when(text.contains("^[^0-9#]+ [0-9]")).then(last).otherwise(first)
