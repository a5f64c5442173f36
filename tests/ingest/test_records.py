"""Records are framed on bytes: what was written is read, and a bad record harms nobody else."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import InputRefused
from ingest import records
from ingest.records import BadRecord, Dialect, Splitter, read_delimited

CELLS = st.text(alphabet="ab张三1,;|\t\"'\n \u3000é=<", max_size=12).filter(lambda t: t not in {"\n"})


def read(
    data: bytes, columns: int = 3, dialect: Dialect | None = None
) -> tuple[list[tuple[str, ...]], list[BadRecord]]:
    parts = list(read_delimited(io.BytesIO(data), dialect or Dialect(), columns, range(columns), 1))
    rows = [row for part in parts for row in part.fields.iter_rows()]
    assert sum(part.count for part in parts) == len(rows) + sum(len(part.bad) for part in parts)
    return rows, [bad for part in parts for bad in part.bad]


def quote(cell: str, delimiter: str) -> str:
    needed = any(c in cell for c in (delimiter, '"', "\n", "\r"))
    return '"' + cell.replace('"', '""') + '"' if needed else cell


def render(rows: list[list[str]], dialect: Dialect, end: str) -> bytes:
    text = "".join(dialect.delimiter.join(quote(c, dialect.delimiter) for c in row) + end for row in rows)
    return text.encode(dialect.encoding)


@settings(max_examples=120, deadline=None)
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=12),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_parsing_what_was_rendered_gives_it_back(
    rows: list[list[str]], encoding: str, delimiter: str, end: str
) -> None:
    dialect = Dialect(encoding, delimiter)
    assert read(render(rows, dialect, end), dialect=dialect) == ([tuple(row) for row in rows], [])


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=12), size=st.integers(1, 64))
def test_the_size_of_the_blocks_read_does_not_matter(rows: list[list[str]], size: int) -> None:
    data, whole = render(rows, Dialect(), "\n"), records.BLOCK_BYTES
    try:
        records.BLOCK_BYTES = size  # type: ignore[misc]
        small = read(data)
    finally:
        records.BLOCK_BYTES = whole  # type: ignore[misc]
    assert small == read(data)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["utf-8", "gb18030"]))
def test_any_bytes_are_accounted_for(data: bytes, encoding: str) -> None:
    rows, bad = read(data, dialect=Dialect(encoding))
    lines = [line for line in data.split(b"\n") if line.removesuffix(b"\r")]
    spans = sum(b.last_line - b.first_line + 1 for b in bad)
    assert len(rows) + len(bad) <= len(lines) <= data.count(b"\n") + 1
    assert spans <= data.count(b"\n") + 1
    assert all(b.raw in data for b in bad)


def test_each_bad_record_is_told_with_its_lines_and_its_neighbours_stay() -> None:
    data = (
        b'1,"x ""y""\nz",3\n2,"open,4\n3,5" pipe,6\n4,"bad"x,7\n5,\x00,1\n6,\xff\xfe,1\n\n7,8\n8,,9,9\n"9","",""\n'
        b'10,"two\nlines \xff",1\n11,a,b'
    )
    rows, bad = read(data)
    assert rows == [("1", 'x "y"\nz', "3"), ("3", '5" pipe', "6"), ("9", "", ""), ("11", "a", "b")]
    assert sorted((b.first_line, b.last_line, b.code) for b in bad) == [
        (3, 3, "unclosed_quote"),
        (5, 5, "text_after_closing_quote"),
        (6, 6, "nul_byte"),
        (7, 7, "undecodable_bytes"),
        (9, 9, "ragged_row"),
        (10, 10, "ragged_row"),
        (12, 13, "undecodable_bytes"),
    ]


@pytest.mark.parametrize("where", [0, 1, 2])
def test_an_unclosed_quote_costs_one_line(where: int) -> None:
    lines = [f'{n},"a,b",c' for n in range(300)]
    cells = ["150", "x", "y"]
    cells[where] = '"' + cells[where]
    lines[150] = ",".join(cells)
    rows, bad = read("\n".join(lines).encode())
    assert [row[0] for row in rows] == [str(n) for n in range(300) if n != 150]
    assert [(b.first_line, b.last_line, b.code) for b in bad] == [(151, 151, "unclosed_quote")]


def test_a_quote_open_for_too_long_or_to_the_end_of_the_file_costs_one_line() -> None:
    rows, bad = read(b'1,"never closed,x\n' + b"2,b,c\n" * 500)
    assert (len(rows), len(bad)) == (500, 1)
    rows, bad = read(b'1,a,b\n2,"c,d')
    assert (len(rows), [b.code for b in bad]) == (1, ["unclosed_quote"])


def test_gb18030_second_bytes_do_not_split_records() -> None:
    tricky = [c for c in map(chr, range(0x4E00, 0x9FA6)) if 0x7C in c.encode("gb18030")[1:]][:50]
    assert tricky
    dialect = Dialect("gb18030", "|")
    rows, bad = read("".join(f"{c}|b{c}|c\n" for c in tricky).encode("gb18030"), dialect=dialect)
    assert rows == [(c, "b" + c, "c") for c in tricky]
    assert bad == []


def test_line_ends_of_three_kinds() -> None:
    for end, newline in ((b"\n", b"\n"), (b"\r\n", b"\n"), (b"\r", b"\r")):
        rows, bad = read(end.join([b"1,a,b", b"2,c,d", b""]), dialect=Dialect(newline=newline))
        assert (rows, bad) == ([("1", "a", "b"), ("2", "c", "d")], [])


def test_a_line_without_end_is_refused_early() -> None:
    with pytest.raises(InputRefused, match="longer than"):
        read(b"1,a,b\n" + b"x" * (5 << 20))


def test_splitter_on_hard_lines() -> None:
    splitter = Splitter(",")
    assert splitter.split('"a""b",,"",c"d') == ['a"b', "", "", 'c"d']
    assert splitter.split("") == [""]
    assert splitter.split(",") == ["", ""]
    assert splitter.split('a,"b') is None
    assert splitter.is_open('a,"b')
    assert not splitter.is_open('a,"b"c')


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", ['"' * 100_000, '","' * 30_000, '""' * 50_000 + "x", ',"' * 50_000, 'a"' * 50_000])
def test_hostile_quotes_stay_cheap(text: str) -> None:
    splitter = Splitter(",")
    splitter.split(text)
    splitter.is_open(text)
