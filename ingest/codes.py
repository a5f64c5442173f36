"""Codes that a report shows: why a row was set aside, and what was wrong with a single field."""

from enum import StrEnum


class Refusal(StrEnum):
    """Why a record cannot be used at all; it goes to quarantine with its bytes."""

    RAGGED = "ragged_row"  # more or fewer fields than headings
    UNDECODABLE = "undecodable_bytes"
    NUL = "nul_byte"
    UNCLOSED_QUOTE = "unclosed_quote"
    BAD_QUOTE = "text_after_closing_quote"
    NOT_JSON = "not_a_json_object"
    DUPLICATE_KEY = "duplicate_json_key"
    NO_ID = "no_application_id"
    BAD_ID = "application_id_unreadable"  # scientific notation, too long: no longer the lender's number
    NO_TIME = "no_submission_time"
    BAD_TIME = "submission_time_unreadable"
    IMPOSSIBLE_TIME = "submission_time_impossible"
    NO_EVENT = "event_unknown"
    BAD_EVENT_TIME = "event_time_unreadable"
    NO_KIND = "watchlist_kind_unknown"
    NO_VALUE = "watchlist_value_unreadable"
    NO_ADDED = "watchlist_time_unreadable"  # a back-test must know from when on the entry was known
    NO_NAME = "employer_name_missing"


class Problem(StrEnum):
    """What was wrong with one field. The value loads as absent unless the comment says otherwise."""

    SCIENTIFIC = "scientific_notation"  # 1.38E+10: the spreadsheet has thrown digits away
    PRECISION = "digits_lost"  # a long number ending in zeros that only a spreadsheet puts there
    MASKED = "masked_value"  # 138****1234: would link strangers
    PLACEHOLDER = "placeholder"
    UNREADABLE = "unreadable"
    NO_AREA_CODE = "no_area_code"
    SEVERAL = "several_values"  # the first is used
    NEGATIVE = "negative"
    RANGE = "out_of_range"
    IMPOSSIBLE = "impossible_date"
    VIN_LETTERS = "letters_no_vin_has"  # I, O, Q read as 1, 0, 0; the value is used
    TOO_LONG = "too_long"
