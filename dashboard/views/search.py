"""Search and entity: everything about one phone, dealer or application, and how two of them are linked."""

import streamlit as st

from api.schemas import ApplicationDetail, GraphNode, LinkPath, Network, SearchAnswer
from dashboard import page
from dashboard.bands import BADGES
from dashboard.format import day, money, percent, plain, short
from dashboard.viewmodel import application_id, band_text, kind_counts, named
from dashboard.views import evidence
from dashboard.words import Words

MOST_HITS = 20


def render() -> None:
    """Draw the page: hits of what was typed, else the node of `?id=`.

    What was typed may be a clear phone number or name, so it stays in the session and out of the address.
    """
    t = page.tongue()
    node_id = st.query_params.get("id", "")
    st.subheader(t("search.title"), anchor=False)
    _search_box(t)
    if node_id:
        _entity(node_id, t)
    elif query := st.session_state.get("query", ""):
        _hits(page.fetch("search", lambda api: api.search(query), query), t)
    else:
        st.caption(t("search.how"))


def _search_box(t: Words) -> None:
    st.text_input(
        t("search.label"),
        value=st.session_state.get("query", ""),
        key="entity-search",
        placeholder=t("search.placeholder"),
        on_change=_ask,
        label_visibility="collapsed",
    )


def _ask() -> None:
    st.query_params.clear()
    st.session_state["query"] = st.session_state["entity-search"].strip()


def _hits(found: SearchAnswer, t: Words) -> None:
    if not found.items:
        st.info(t("search.none"), icon=":material/info:")
        return
    st.caption(t("search.found", n=len(found.items)))
    for node in found.items[:MOST_HITS]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _hit(node)
            if node.band:
                st.badge(band_text(node.band, t), color=BADGES.get(node.band, "gray"))
            st.caption(_hint(node, t))


def _hit(node: GraphNode) -> None:
    if node.kind == "ring":
        page.link("ring", _name(node), ring=node.label)
    else:
        page.link("entity", _name(node), id=node.id)


def _hint(node: GraphNode, t: Words) -> str:
    """Masked labels repeat, so an identifier also shows how many use it and the end of its token."""
    if node.kind in {"application", "ring"}:
        return day(node.event_at)
    return f"{t('node.degree', n=f'{node.degree:,}')} · {plain(node.id[-6:])}"


def _name(node: GraphNode) -> str:
    return f"{plain(node.kind_text)} {plain(short(named(node), 60))}"


def _entity(node_id: str, t: Words) -> None:
    network = page.fetch("network", lambda api: api.network(node_id), node_id)
    centre = next((node for node in network.nodes if node.id == node_id), None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = _name(centre) if centre else plain(node_id)
        st.subheader(name, anchor=False, width="content")
        if centre and centre.band:
            st.badge(band_text(centre.band, t), color=BADGES.get(centre.band, "gray"))
    if centre and centre.hub:
        st.info(t("node.hub", n=centre.degree), icon=":material/info:")
    _counts(network, t)
    _around(network, node_id)
    if application := application_id(node_id):
        detail = page.fetch("application", lambda api: api.application(application), application)
        _application(detail, network, t)
    _path_between(node_id, t)


def _counts(network: Network, t: Words) -> None:
    parts = [f"{plain(text)} {count}" for _, text, count in kind_counts(network)]
    note = t("entity.truncated", n=network.omitted) if network.omitted or network.truncated else ""
    st.caption(f"{t('entity.around')} {' · '.join([*parts, *([note] if note else [])])}")


@st.fragment
def _around(network: Network, node_id: str) -> None:
    t = page.tongue()
    left, right = st.columns([1.65, 1], gap="medium")
    asked = st.query_params.get("node", node_id)
    selected = asked if any(node.id == asked for node in network.nodes) else None
    with left:
        if evidence.view_picker(("chart", "table"), t) == "table":
            evidence.nodes_table(network, t)
        else:
            evidence.link_chart(network, selected, t, name=f"entity-{node_id}")
    with right:
        if selected:
            evidence.node_panel(network, selected, t, linked=selected != node_id)


def _application(detail: ApplicationDetail, network: Network, t: Words) -> None:
    left, right = st.columns([1.65, 1], gap="medium")
    with left:
        st.markdown(f"**{t('reasons.title')}**")
        if detail.score is None:
            st.caption(t("application.unscored"))
        evidence.reasons(detail.reasons, detail.score or 0, {node.id for node in network.nodes}, t)
    with right:
        _application_facts(detail, t)
        evidence.checks(detail.suggested_checks, t)


def _application_facts(detail: ApplicationDetail, t: Words) -> None:
    score = "–" if detail.score is None else str(detail.score)
    chance = "" if detail.probability is None else t("application.chance", share=percent(detail.probability))
    st.markdown(f"**{t('fact.score')} {score}** · {band_text(detail.band, t)} · {chance}".rstrip(" ·"))
    rows = (
        ("column.person", detail.name),
        ("column.submitted", day(detail.submitted_at)),
        ("column.dealer", detail.dealer),
        ("column.officer", detail.officer),
        ("column.employer", detail.employer),
        ("column.vehicle", detail.vehicle),
        ("column.loan", None if detail.loan_amount is None else money(detail.loan_amount, detail.currency, t.language)),
        ("column.status", detail.status),
    )
    st.markdown("  \n".join(f"{t(key)}: {plain(value)}" for key, value in rows if value))
    if detail.ring:
        page.link("ring", t("application.ring", ring=plain(detail.ring.id), n=detail.ring.size), ring=detail.ring.id)


def _path_between(node_id: str, t: Words) -> None:
    st.markdown(f"**{t('path.title')}**")
    st.text_input(t("path.to"), key="path-search", placeholder=t("search.placeholder"), on_change=_aim)
    target = st.session_state.get("path-query", "")
    if not target:
        return
    found = page.fetch("search", lambda api: api.search(target), target)
    others = [node for node in found.items if node.id != node_id and node.kind != "ring"][:MOST_HITS]
    if not others:
        st.info(t("search.none"), icon=":material/info:")
        return
    _paths(node_id, others[_which(others, t)], t)


def _which(others: list[GraphNode], t: Words) -> int:
    if len(others) == 1:
        return 0
    names = [f"{node.kind_text} {short(named(node), 60)}" for node in others]
    return st.selectbox(t("path.which"), range(len(names)), format_func=names.__getitem__)


def _aim() -> None:
    st.session_state["path-query"] = st.session_state["path-search"].strip()


def _paths(node_id: str, other: GraphNode, t: Words) -> None:
    found = page.fetch("paths", lambda api: api.paths(node_id, other.id), node_id, other.id)
    hidden = t("path.hubs", n=found.through_hubs) if found.through_hubs else ""
    if not found.paths:
        st.info(f"{t('path.none')} {hidden}".strip(), icon=":material/info:")
        return
    names = {node.id: _name(node) for node in found.network.nodes}
    for path in found.paths:
        st.markdown(f"- {_steps(path, names)}")
    if hidden:
        st.caption(hidden)
    evidence.link_chart(found.network, None, t, name=f"path-{node_id}-{other.id}")


def _steps(path: LinkPath, names: dict[str, str]) -> str:
    return " → ".join(names.get(step, plain(step)) for step in path.nodes)
