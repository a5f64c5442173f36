"""Queue: what do I work on next?"""

from typing import Final

import polars as pl
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from api.schemas import Page, RingSummary
from dashboard import page
from dashboard.bands import BANDS, MARKS
from dashboard.format import SIGNS, minute, plain
from dashboard.viewmodel import CHANGES, band_text, change_text, kept, opened, queue_frame
from dashboard.words import Words

BAND_COLOURS: Final = ("red", "orange", "green", "gray")
ROW_HEIGHT: Final = 34
TABLE_HEIGHT: Final = 520


def render() -> None:
    """Draw the page; filters live in the address as codes (`?band=red&change=new`)."""
    t = page.tongue()
    band, change = _filter("band", BANDS), _filter("change", CHANGES)
    found = page.fetch("rings", lambda api: api.rings(band=band), band)
    st.subheader(t("queue.title"), anchor=False)
    _tiles(found, t)
    band, change = _filters(found, band, change, t)
    asked = {"band": band, "change": change}
    st.session_state["queue-query"] = {name: code for name, code in asked.items() if code}
    rows = kept(found.items, change)
    if not rows:
        _empty(found, band, change, t)
        return
    _table(found, rows, t)


def _filter(name: str, known: tuple[str, ...]) -> str | None:
    asked = st.query_params.get(name)
    return asked if asked in known else None


def _tiles(found: Page, t: Words) -> None:
    for column, band in zip(st.columns(len(BANDS)), BANDS, strict=True):
        with column, st.container(border=True, key=f"tile-{band}", gap=None):
            st.metric(f"{MARKS[band]} {t(f'band.{band}')} · {t(f'band.{band}.do')}", f"{found.bands.get(band, 0):,}")


def _filters(found: Page, band: str | None, change: str | None, t: Words) -> tuple[str | None, str | None]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        picked_band = st.segmented_control(
            t("filter.band"),
            BANDS,
            default=band,
            key="filter-band",
            format_func=lambda code: band_text(code, t),
            on_change=_store,
            args=("band",),
        )
        st.pills(
            t("filter.change"),
            [code for code in CHANGES if code == change or any(row.event == code for row in found.items)],
            default=change,
            key="filter-change",
            format_func=lambda code: change_text(code, t),
            on_change=_store,
            args=("change",),
        )
        st.text_input(
            t("search.label"), key="queue-search", placeholder=t("search.placeholder"), on_change=_search, width=260
        )
    if st.session_state.pop("searched", False):
        page.open_page("entity")
    return picked_band, change


def _store(name: str) -> None:
    """Keep a filter in the address as a code, whatever the language."""
    if value := st.session_state.get(f"filter-{name}"):
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def _search() -> None:
    text = st.session_state["queue-search"].strip()
    st.session_state["searched"] = bool(text)
    st.session_state["query"] = text


def _empty(found: Page, band: str | None, change: str | None, t: Words) -> None:
    if not band and not change:
        st.info(t("queue.none"), icon=":material/check_circle:")
        return
    names = [band_text(band, t)] if band else []
    names += [change_text(change, t)] if change else []
    st.info(t("queue.filtered", filters=" + ".join(names)), icon=":material/info:")
    st.button(t("queue.clear"), on_click=_clear)


def _clear() -> None:
    st.query_params.clear()
    for name in ("filter-band", "filter-change"):
        st.session_state.pop(name, None)


def _table(found: Page, rows: list[RingSummary], t: Words) -> None:
    frame = queue_frame(rows, t)
    shown = t("queue.shown", n=f"{len(rows):,}", total=f"{found.total:,}")
    st.caption(f"{shown} · {t('queue.data', time=minute(found.published_at))} · {t('queue.how')}")
    height = min(TABLE_HEIGHT, ROW_HEIGHT * (len(rows) + 1) + 3)
    state = st.dataframe(
        frame,
        key=f"queue-{found.sweep_id}-{t.language}-{st.query_params.get('band')}-{st.query_params.get('change')}",
        on_select="rerun",
        selection_mode="single-cell",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=height,
        column_config=_columns(frame, rows[0].currency, t),
        alt=t("queue.alt"),
    )
    row = opened(state.selection.cells, frame.columns[0])
    if row is not None:
        page.open_page("ring", ring=rows[row].ring_id)


def _columns(frame: pl.DataFrame, currency: str, t: Words) -> dict[str, ColumnConfig]:
    column, bands = st.column_config, [band_text(code, t) for code in (*BANDS, "not_scored")]
    unit = t("unit.money", sign=plain(SIGNS.get(currency, currency)))
    number, places = column.NumberColumn, "%,.1f" if t.language == "zh" else "%,.0f"
    return {
        "rank": number("#", width=38),
        "band": column.MultiselectColumn(t("column.band"), options=bands, color=BAND_COLOURS, width=86),
        "score": column.ProgressColumn(t("column.score"), min_value=0, max_value=1000, format="%d", width=94),
        "ring": column.TextColumn(t("column.ring"), width=112),
        "why": column.TextColumn(t("column.why"), width=326),
        "typology": column.TextColumn(t("column.typology"), width=130),
        "applications": number(t("column.applications"), width=58),
        "applicants": number(t("column.applicants"), width=70),
        "exposure": number(f"{t('column.exposure')} {unit}", format=places, width=92),
        "dealers": number(t("column.dealers"), width=64),
        "span": column.TextColumn(t("column.span"), width=200),
        "change": column.TextColumn(t("column.change"), width=84),
        "seen": column.TextColumn(t("column.seen"), width=92),
    }
