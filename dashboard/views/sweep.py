"""Weekly sweep: what changed since last time?"""

from typing import Final

import altair as alt
import polars as pl
import streamlit as st

from api.schemas import Page, RingSummary, SweepRow
from dashboard import page
from dashboard.bands import BANDS, COLOURS, VEGA_SHAPES
from dashboard.format import ABSENT, minute, money, plain
from dashboard.viewmodel import band_text, change_text, events_text, legend, sweeps_frame
from dashboard.words import Words

HEIGHT: Final = 400
TICKS: Final = [2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100, 200, 500, 1000]
SIZES: Final = alt.Scale(type="log", nice=False, padding=24)


def render() -> None:
    """Draw the page: the published sweep's rings as points, its changes, and the sweeps before it."""
    t = page.tongue()
    st.subheader(t("sweep.title"), anchor=False)
    rows = page.fetch("sweeps", lambda api: api.sweeps()).items
    current = next((row for row in rows if row.current), None)
    if current is None:
        st.info(t("status.none"), icon=":material/info:")
        return
    _facts(current, t)
    _points(page.fetch("rings", lambda api: api.rings(), None), t)
    st.markdown(f"**{t('sweep.before')}**")
    frame = sweeps_frame(rows, t)
    names = {name: t(f"band.{name}") if name in BANDS else t(f"column.{name}") for name in frame.columns}
    config = {name: st.column_config.Column(text) for name, text in names.items()}
    st.dataframe(frame, hide_index=True, column_config=config, placeholder=ABSENT, alt=t("sweep.before"))


def _facts(sweep: SweepRow, t: Words) -> None:
    facts = (
        (t("fact.data"), minute(sweep.published_at)),
        (t("column.size"), f"{sweep.applications:,}"),
        (t("column.rings"), f"{sweep.rings:,}"),
    )
    for column, (label, value) in zip(st.columns(len(facts)), facts, strict=True):
        column.metric(label, value)
    st.markdown(f"**{t('sweep.changes')}** {plain(events_text(sweep.events, t))}")


def _points(found: Page, t: Words) -> None:
    if not found.items:
        st.info(t("queue.none"), icon=":material/check_circle:")
        return
    st.caption(f"{t('sweep.how')} {legend(t)}")
    picked = st.altair_chart(
        _chart(found.items, t),
        key=f"sweep-{found.sweep_id}-{t.language}",
        on_select="rerun",
        selection_mode="ring",
        alt=t("sweep.alt", n=len(found.items)),
    )
    chosen = picked.selection.get("ring", [])
    if chosen and (ring_id := chosen[0].get("id")):
        page.open_page("ring", ring=str(ring_id))


def _chart(items: list[RingSummary], t: Words) -> alt.Chart:
    theme, codes = page.theme(), [*BANDS, "not_scored"]
    words = [band_text(code, t) for code in codes]
    rows = [
        {
            "id": row.ring_id,
            "size": row.applications,
            "score": row.score,
            "exposure": float(row.exposure),
            "money": money(row.exposure, row.currency, t.language),
            "band": band_text(row.band, t),
            "change": change_text(row.event, t),
            "typology": row.typology_text,
        }
        for row in items
    ]
    colours, shapes = [COLOURS[theme][code] for code in codes], [VEGA_SHAPES[code] for code in codes]
    names = {"id": "ring", "band": "band", "score": "score", "size": "applications", "money": "exposure"}
    names |= {"typology": "typology", "change": "change"}
    points: alt.Chart = (
        alt.Chart(pl.DataFrame(rows))
        .mark_point(filled=True, opacity=0.75, stroke="#39455A", strokeWidth=0.6)
        .encode(
            x=alt.X("size:Q", title=t("column.size"), axis=alt.Axis(values=TICKS, grid=True), scale=SIZES),
            y=alt.Y("score:Q", title=t("column.score"), scale=alt.Scale(zero=False, domainMax=1000, padding=16)),
            size=alt.Size("exposure:Q", legend=None, scale=alt.Scale(range=[60, 900])),
            shape=alt.Shape("band:N", legend=None, scale=alt.Scale(domain=words, range=shapes)),
            color=alt.Color("band:N", legend=None, scale=alt.Scale(domain=words, range=colours)),
            tooltip=[alt.Tooltip(f"{field}:N", title=t(f"column.{name}")) for field, name in names.items()],
        )
        .add_params(alt.selection_point(name="ring", fields=["id"]))
        .properties(height=HEIGHT)
    )
    return points
