"""Ring: is this a ring, and why?"""

from typing import Final

import altair as alt
import polars as pl
import streamlit as st

from api.schemas import Network, RingDetail, RingSummary
from dashboard import page
from dashboard.bands import BADGES, BANDS, COLOURS, VEGA_SHAPES
from dashboard.format import day, money, percent, plain
from dashboard.viewmodel import band_text, burst, change_text, history_frame, legend, span_text, timeline
from dashboard.views import evidence
from dashboard.words import Words

VIEWS: Final = ("chart", "timeline", "table")
REASONS_HEIGHT: Final = 505


def render() -> None:
    """Draw the page of `?ring=`; the view and the picked node live in the address too."""
    t = page.tongue()
    ring_id = st.query_params.get("ring", "")
    if not ring_id:
        st.info(t("ring.which"), icon=":material/info:")
        page.back_to_queue()
        return
    detail = page.fetch("ring", lambda api: api.ring(ring_id), ring_id)
    network = page.fetch("ring-network", lambda api: api.ring_network(ring_id), ring_id)
    _header(detail, t)
    _body(detail, network)
    _members(detail, t)
    left, right = st.columns([1, 1.65], gap="medium")
    with left:
        evidence.checks(detail.suggested_checks, t)
    with right:
        _history(ring_id, t)


def _header(detail: RingDetail, t: Words) -> None:
    ring = detail.summary
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        page.back_to_queue()
        st.subheader(f"{plain(ring.ring_id)} · {plain(ring.typology_text)}", anchor=False, width="content")
        st.badge(band_text(ring.band, t), color=BADGES.get(ring.band, "gray"))
        st.badge(change_text(ring.event, t), color="gray", help=t("change.help"))
    for column, fact in zip(st.columns([1.5, 0.95, 1.0, 1.3, 1.05]), _facts(detail, t), strict=True):
        label, value, note = fact
        column.metric(label, value, delta=note, delta_color="off", delta_arrow="off")


def _facts(detail: RingDetail, t: Words) -> list[tuple[str, str, str]]:
    ring: RingSummary = detail.summary
    loss = money(ring.expected_loss, ring.currency, t.language)
    days = span_text(ring.first_event_at, ring.last_event_at, t).rpartition(" · ")[2]
    return [
        (t("fact.score"), str(ring.score), t("fact.higher", share=percent(detail.higher_than))),
        (t("fact.exposure"), money(ring.exposure, ring.currency, t.language), t("fact.loss", loss=loss)),
        (
            t("fact.applications"),
            str(ring.applications),
            t("fact.applicants", people=ring.applicants, dealers=ring.dealers),
        ),
        (t("fact.window"), day(ring.first_event_at), t("fact.until", day=day(ring.last_event_at), days=days)),
        (t("fact.data"), day(detail.published_at), t("fact.seen", day=day(ring.first_seen))),
    ]


@st.fragment
def _body(detail: RingDetail, network: Network) -> None:
    t = page.tongue()
    left, right = st.columns([1.65, 1], gap="medium")
    asked = st.query_params.get("node")
    selected = asked if any(node.id == asked for node in network.nodes) else None
    with left:
        view = evidence.view_picker(VIEWS, t)
        if view == "timeline":
            _timeline(detail, t)
        elif view == "table":
            evidence.nodes_table(network, t)
        else:
            evidence.link_chart(network, selected, t, name=f"ring-{detail.summary.ring_id}")
    with right, st.container(height=REASONS_HEIGHT, border=True):
        if selected:
            evidence.node_panel(network, selected, t, detail.members)
        st.markdown(f"**{t('reasons.title')}** · {t('reasons.how', score=detail.summary.score)}")
        evidence.reasons(detail.reasons, detail.summary.score, {node.id for node in network.nodes}, t)


def _timeline(detail: RingDetail, t: Words) -> None:
    rows = timeline(detail.members, detail.summary.currency, t)
    if not rows:
        st.info(t("timeline.none"), icon=":material/info:")
        return
    theme, dense = page.theme(), burst(detail.members)
    codes = [*BANDS, "not_scored"]
    words = [band_text(code, t) for code in codes]
    lanes = list(dict.fromkeys(str(row["lane"]) for row in rows))
    points = (
        alt.Chart(pl.DataFrame(rows))
        .mark_point(filled=True, size=120, opacity=0.95)
        .encode(
            x=alt.X("at:T", title=None, axis=alt.Axis(format="%Y-%m-%d", labelOverlap=True, grid=True)),
            y=alt.Y("lane:N", title=None, sort=lanes, axis=alt.Axis(labelLimit=110, grid=True)),
            shape=alt.Shape("band:N", legend=None, scale=_scale(words, [VEGA_SHAPES[code] for code in codes])),
            color=alt.Color("band:N", legend=None, scale=_scale(words, [COLOURS[theme][code] for code in codes])),
            tooltip=[
                alt.Tooltip(f"{name}:N", title=t(f"column.{name}"))
                for name in ("application", "when", "band", "score", "loan", "dealer")
            ],
        )
    )
    layers: alt.LayerChart | alt.Chart = points
    notes = [legend(t)]
    if dense:
        span = [{"from": dense.start.isoformat(), "to": dense.end.isoformat()}]
        shade = alt.Chart(pl.DataFrame(span)).mark_rect(opacity=0.16, color=COLOURS[theme]["amber"])
        layers = shade.encode(x="from:T", x2="to:T") + points
        notes.append(t("timeline.burst", n=dense.applications, day=f"{dense.start:%Y-%m-%d}"))
    st.caption(" · ".join(notes))
    height = max(160, 26 * len(lanes) + 60)
    st.altair_chart(layers.properties(height=height), alt=t("timeline.alt", n=len(rows)))


def _scale(domain: list[str], values: list[str]) -> alt.Scale:
    return alt.Scale(domain=domain, range=values)


def _members(detail: RingDetail, t: Words) -> None:
    st.markdown(f"**{t('members.title', n=len(detail.members))}**")
    if detail.members_omitted:
        st.caption(t("members.omitted", n=detail.members_omitted, total=detail.members_omitted + len(detail.members)))
    evidence.members_table(detail.members, detail.summary.currency, t, key=f"members-{detail.sweep_id}")


def _history(ring_id: str, t: Words) -> None:
    st.markdown(f"**{t('history.title')}**")
    events = page.fetch("ring-history", lambda api: api.ring_history(ring_id), ring_id)
    if not events:
        st.caption(t("history.none"))
        return
    names = ("published", "event", "size", "score", "sources")
    config = {name: st.column_config.Column(t(f"column.{name}")) for name in names}
    st.dataframe(history_frame(events, t), hide_index=True, column_config=config, alt=t("history.title"))
