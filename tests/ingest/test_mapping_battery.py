"""Headings nobody foresaw: the share of columns that land right, and none wrong that is said to be sure."""

from pathlib import Path

import polars as pl
import pytest

from ingest.files import peek
from ingest.proposal import Found, propose_columns
from ingest.synthetic import write_book
from ingest.synthetic.headings import HEADINGS
from tests.ingest.mapping_columns import HeadingSet, read_sets

SETS = read_sets(Path(__file__).with_name("mapping_sets.txt"))
SURE = 0.8
ROWS = 120
LEAST_OF_A_SET = 0.94
LEAST_OF_ALL = 0.99


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """A sample book of each locale, its columns named by field."""
    found = {}
    for at, locale in enumerate(("zh", "en")):
        book = write_book(tmp_path_factory.mktemp(locale), applications=400, seed=21, locale=locale)
        fields = {words[at][0]: field for field, words in HEADINGS.items()}
        found[locale] = peek(book.applications).sample.head(ROWS).rename(fields, strict=False)
    return found


def wrong(one: HeadingSet, found: Found) -> list[tuple[str, str, float]]:
    """Heading, where it landed, how sure, of every column that landed wrong."""
    landed = {guess.heading: (guess.column, guess.confidence) for guess in found.guesses}
    pairs = [(heading, *landed.get(heading, ("-", 0.0)), wanted) for heading, _, wanted in one.columns()]
    return [(heading, column, sure) for heading, column, sure, wanted in pairs if column not in wanted]


def test_every_set_lands_right_and_no_column_is_wrong_and_sure(books: dict[str, pl.DataFrame]) -> None:
    assert len(SETS) >= 48
    missed, columns, shares = {}, 0, {}
    for one in SETS:
        sample = one.sample(books[one.locale])
        errors = wrong(one, propose_columns(tuple(sample.columns), sample, "applications"))
        columns += sample.width
        shares[one.name] = 1.0 - len(errors) / sample.width
        missed[one.name] = errors
    assert [error for errors in missed.values() for error in errors if error[2] >= SURE] == []
    assert {name: missed[name] for name, share in shares.items() if share < LEAST_OF_A_SET} == {}
    assert 1.0 - sum(map(len, missed.values())) / columns >= LEAST_OF_ALL, missed
