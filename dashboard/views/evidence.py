"""Parts that the ring and entity pages share: chart, picked node, reasons with evidence, members, checks."""

from collections.abc import Collection, Sequence
from typing import Final

import polars as pl
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from api.schemas import Check, Evidence, GraphNode, Member, Network, Reason
from dashboard import chart, page
from dashboard.bands import BADGES, BANDS
from dashboard.format import ABSENT, SIGNS, clean, day, plain, short
from dashboard.viewmodel import (
    DERIVED,
    Contribution,
    band_text,
    contributions,
    members_frame,
    named,
    neighbours,
    opened,
    person,
)
from dashboard.words import Words

BAND_COLOURS: Final = ("red", "orange", "green", "gray")
SHOWN_EVIDENCE: Final = 6
TABLE_HEIGHT: Final = 470
NEIGHBOUR_ROW: Final = 30
NEIGHBOURS_HEIGHT: Final = 184


def view_picker(views: Sequence[str], t: Words) -> str:
    """Which of the views is shown; kept in the address as its code."""
    asked = st.query_params.get("view", views[0])
    chosen = st.segmented_control(
        t("view.label"),
        views,
        default=asked if asked in views else views[0],
        required=True,
        key="view",
        format_func=lambda code: t(f"view.{code}"),
        label_visibility="collapsed",
        on_change=_store_view,
    )
    return chosen or views[0]


def _store_view() -> None:
    st.query_params["view"] = st.session_state["view"]


def link_chart(network: Network, selected: str | None, t: Words, *, name: str) -> None:
    """The network as a chart; a pick goes to the address as `node=`."""
    if not network.nodes:
        st.info(t("chart.empty"), icon=":material/info:")
        return
    shown, omitted = chart.bounded(network)
    if omitted:
        st.caption(t("chart.omitted", shown=len(shown.nodes), omitted=omitted))
    members = sum(node.kind == "application" for node in shown.nodes)
    words = t("chart.alt", applications=members, others=len(shown.nodes) - members, links=len(shown.edges))
    drawn = chart.payload(shown, t, page.theme(), name=name, alt=words)
    key = f"linkchart-{name}"
    chart.mount(drawn, selected=selected, key=key, on_pick=lambda: pick(chart.picked(key)))


def pick(node_id: str | None) -> None:
    """Make a node the picked one, in the address."""
    if node_id:
        st.query_params["node"] = node_id
    else:
        st.query_params.pop("node", None)


def nodes_table(network: Network, t: Words) -> None:
    """The chart's twin for those who read tables."""
    nodes = sorted(
        network.nodes, key=lambda node: (node.kind != "application", -(node.score or 0), -node.degree, node.id)
    )
    frame = pl.DataFrame(
        {
            "kind": [clean(node.kind_text) for node in nodes],
            "label": [named(node) for node in nodes],
            "degree": [node.degree for node in nodes],
            "band": [[band_text(node.band, t)] if node.band else [] for node in nodes],
            "score": [node.score for node in nodes],
            "submitted": [day(node.event_at) for node in nodes],
        },
        schema_overrides={"band": pl.List(pl.String), "score": pl.Int64()},
    )
    config: dict[str, ColumnConfig] = {
        name: st.column_config.Column(t(f"column.{name}")) for name in ("kind", "label", "degree", "score", "submitted")
    }
    config["band"] = band_column(t)
    st.dataframe(
        frame, hide_index=True, height=TABLE_HEIGHT, column_config=config, placeholder=ABSENT, alt=t("view.table")
    )


def band_column(t: Words) -> ColumnConfig:
    """A column of band chips: mark and word on the band's colour."""
    options = [band_text(code, t) for code in (*BANDS, "not_scored")]
    return st.column_config.MultiselectColumn(t("column.band"), options=options, color=BAND_COLOURS, width=92)


def node_panel(
    network: Network, node_id: str, t: Words, members: Sequence[Member] = (), *, linked: bool = True
) -> None:
    """What is known of the picked node, and whom it links; `linked`: with a way to its own page."""
    node = next(node for node in network.nodes if node.id == node_id)
    with st.container(key="node-panel", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(node.kind_text)} {plain(short(named(node), 44))}**", width="content")
            if node.band:
                st.badge(_band_and_score(node, t), color=BADGES.get(node.band, "gray"))
        _node_facts(node, next((m for m in members if f"application:{m.application_id}" == node_id), None), t)
        _neighbour_table(network, node_id, t)
        if linked:
            with st.container(horizontal=True, vertical_alignment="center"):
                if node.kind not in DERIVED:
                    page.link("entity", t("node.open"), icon=":material/open_in_new:", id=node_id)
                st.button(t("node.clear"), on_click=pick, args=(None,), type="tertiary", key="node-clear")


def _band_and_score(node: GraphNode, t: Words) -> str:
    band = band_text(node.band or "not_scored", t)
    return band if node.score is None else f"{band} {node.score}"


def _node_facts(node: GraphNode, member: Member | None, t: Words) -> None:
    if member:
        parts = [person(member), day(member.submitted_at), member.dealer, member.officer, member.employer]
        st.caption(" · ".join(plain(part) for part in parts if part))
    elif node.kind == "application":
        st.caption(day(node.event_at))
    else:
        st.caption(t("node.hub" if node.hub else "node.shared", n=node.degree))


def _neighbour_table(network: Network, node_id: str, t: Words) -> None:
    near = neighbours(network, node_id)
    if not near:
        return
    dated = all(each.node.kind == "application" for each in near)
    names = [named(each.node) for each in near]
    if not dated:
        names = [f"{each.node.kind_text} {name}" for each, name in zip(near, names, strict=True)]
    last = [day(each.node.event_at) if dated else f"{each.node.degree:,}" for each in near]
    frame = pl.DataFrame(
        {
            "label": [short(name, 30) for name in names],
            "role": [clean(each.role) for each in near],
            "submitted" if dated else "degree": last,
        }
    )
    widths = dict(zip(frame.columns, (178, 66, 86), strict=True))
    config = {name: st.column_config.Column(t(f"column.{name}"), width=width) for name, width in widths.items()}
    height = min(NEIGHBOURS_HEIGHT, NEIGHBOUR_ROW * (len(near) + 1) + 3)
    st.dataframe(
        frame, hide_index=True, row_height=NEIGHBOUR_ROW, height=height, column_config=config, alt=t("node.links")
    )


def reasons(found: Sequence[Reason], score: int, in_chart: Collection[str], t: Words) -> None:
    """Contribution bars with their text, the innocent explanation, and the records behind them."""
    if not found:
        st.caption(t("reasons.none"))
        return
    for number, row in enumerate(contributions(found, score)):
        with st.container(key=f"reason-{number}"):
            _reason(number, row, in_chart, t)


def _reason(number: int, row: Contribution, in_chart: Collection[str], t: Words) -> None:
    text = plain(row.reason.text) if row.reason else t("reasons.rest")
    st.markdown(f"**+{row.points}** {text}")
    st.progress(min(1.0, row.share))
    if row.reason is None:
        return
    if row.reason.innocent:
        st.caption(f"{t('reasons.innocent')} {plain(row.reason.innocent)}")
    if row.reason.evidence:
        with st.container(horizontal=True, key=f"evidence-{number}"):
            for place, piece in enumerate(row.reason.evidence[:SHOWN_EVIDENCE]):
                _evidence(f"{number}-{place}", piece, in_chart, t)


def _evidence(key: str, piece: Evidence, in_chart: Collection[str], t: Words) -> None:
    total = piece.total or len(piece.applications)
    text = plain(short(piece.label, 30)) + (f" · {t('evidence.total', n=total)}" if total else "")
    node = f"{piece.kind}:{piece.token}" if piece.token else ""
    if node in in_chart:
        sign = ":material/my_location:"
        st.button(text, icon=sign, key=f"show-{key}", on_click=pick, args=(node,), help=t("evidence.show"))
    else:
        st.badge(text, color="gray", help=plain(", ".join(piece.applications)) or None)


def members_table(members: Sequence[Member], currency: str, t: Words, *, key: str) -> None:
    """One row an application; a click opens its page."""
    frame = members_frame(members, t)
    column, unit = st.column_config, t("unit.money", sign=plain(SIGNS.get(currency, currency)))
    config = {name: column.TextColumn(t(f"column.{name}")) for name in frame.columns[1:]}
    config |= {
        "rank": column.NumberColumn("#", width=38),
        "band": band_column(t),
        "score": column.ProgressColumn(t("column.score"), min_value=0, max_value=1000, format="%d", width=100),
        "membership": column.ProgressColumn(
            t("column.membership"), min_value=0, max_value=100, format="%d%%", width=100
        ),
        "loan": column.NumberColumn(f"{t('column.loan')} {unit}", format="%.1f", width=90),
    }
    state = st.dataframe(
        frame,
        key=f"{key}-{t.language}",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-cell",
        placeholder=ABSENT,
        column_config=config,
        height=min(420, 35 * (len(members) + 1) + 3),
        alt=t("members.title", n=len(members)),
    )
    row = opened(state.selection.cells, frame.columns[0])
    if row is not None:
        page.open_page("entity", id=f"application:{frame['application'][row]}")


def checks(found: Sequence[Check], t: Words) -> None:
    """What to do next, as a list."""
    st.markdown(f"**{t('checks.title')}**")
    if not found:
        st.caption(t("checks.none"))
    for check in found:
        st.markdown(f"- {plain(check.text)}")
