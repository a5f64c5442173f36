"""The pages run by Streamlit's own test runner: fast, without clicks in canvases."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.launch import APP
from tests.dashboard.conftest import Served
from tests.dashboard.fake_api import KEY, PAYLOAD

SECONDS = 20
Run = Callable[..., AppTest]


def one_page(view: str) -> None:
    """The frame around one view, as app.main builds it."""
    import importlib

    import streamlit as st

    from dashboard import app, page

    st.session_state["told_stale"] = False
    st.session_state["pages"] = app.pages(page.tongue())
    st.navigation(list(st.session_state["pages"].values()))
    st.session_state["here"] = "entity" if view == "search" else view
    page.sidebar()
    with page.guarded():
        importlib.import_module(f"dashboard.views.{view}").render()


@pytest.fixture
def run(served: Served, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("RINGSIGHT_API_URL", served.url)
    monkeypatch.setenv("RINGSIGHT_API_KEY", KEY)

    def start(name: str, locale: str = "en-GB", **query: str) -> AppTest:
        at = AppTest.from_function(one_page, default_timeout=SECONDS, args=(name,))
        at.context = {"locale": locale}
        for key, value in query.items():
            at.query_params[key] = value
        at.run()
        assert not at.exception
        return at

    return start


def text_of(at: AppTest) -> str:
    parts = [*at.markdown, *at.caption, *at.info, *at.error, *at.warning, *at.subheader]
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


def test_the_router_starts_on_the_queue(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGSIGHT_API_URL", served.url)
    monkeypatch.setenv("RINGSIGHT_API_KEY", KEY)
    at = AppTest.from_file(APP, default_timeout=SECONDS).run()
    assert not at.exception
    assert at.subheader[0].value == "Rings to look at"


def test_tiles_show_the_counts_of_the_api(run: Run) -> None:
    at = run("queue")
    assert [metric.value for metric in at.metric] == ["12", "48", "14"]
    assert [metric.label[0] for metric in at.metric] == ["▲", "◆", "●"]
    assert len(at.dataframe[0].value) == 74


def test_filters_come_from_the_address_as_codes_in_both_languages(run: Run) -> None:
    at, zh = run("queue", band="red", change="new"), run("queue", "zh-CN", band="red", change="new")
    rows = at.dataframe[0].value
    assert {tuple(band) for band in rows["band"]} == {("▲ Red",)}
    assert set(rows["change"]) == {"New"}
    assert list(zh.dataframe[0].value["ring"]) == list(rows["ring"])
    assert zh.subheader[0].value == "待核查团伙"


def test_a_filter_that_is_no_code_is_ignored(run: Run) -> None:
    assert len(run("queue", band="Red · act now").dataframe[0].value) == 74


def test_an_empty_filter_names_itself_and_can_be_cleared(run: Run) -> None:
    at = run("queue", band="red", change="split")
    assert "▲ Red + Split" in at.info[0].value
    at.button[-1].click().run()
    assert len(at.dataframe[0].value) == 74


def test_an_empty_queue_says_so(run: Run, served: Served) -> None:
    served.book.rings = []
    assert "No open ring" in run("queue").info[0].value


def test_the_language_can_be_switched(run: Run) -> None:
    at = run("queue")
    at.segmented_control(key="language").set_value("zh").run()
    assert at.subheader[0].value == "待核查团伙"


def test_a_ring_shows_score_share_facts_and_reasons_that_add_up(run: Run) -> None:
    at = run("ring", ring="RG-0001")
    facts = {metric.label: metric for metric in at.metric}
    assert facts["Score (0–1000)"].value == "979"
    assert "99 %" in facts["Score (0–1000)"].delta
    assert facts["Exposure"].value.startswith("¥")
    points = [int(part.value.split("**")[1]) for part in at.markdown if part.value.startswith("**+")]
    assert sum(points) == 979
    assert "Could be innocent: a family" in text_of(at)
    assert "Call the employer" in text_of(at)


def test_a_ring_in_chinese(run: Run) -> None:
    at = run("ring", "zh-CN", ring="RG-0001")
    assert "可能的正常解释" in text_of(at)
    assert any(metric.value.endswith("万") for metric in at.metric)


def test_the_picked_node_of_the_address_shows_its_evidence(run: Run, served: Served) -> None:
    ring = served.book.ring("RG-0003")
    assert ring is not None
    employer = next(node for node in ring.nodes if node.kind == "employer")
    at = run("ring", ring="RG-0003", node=employer.id)
    assert PAYLOAD[:30] in text_of(at)
    assert "Used by" in text_of(at)
    assert "Used by" not in text_of(run("ring", ring="RG-0003", node="phone:t1:strange"))


def test_foreign_text_is_escaped_in_markdown(run: Run, served: Served) -> None:
    ring = served.book.ring("RG-0003")
    assert ring is not None
    employer = next(node for node in ring.nodes if node.kind == "employer")
    at = run("ring", ring="RG-0003", node=employer.id)
    raw = "\n".join(part.value for part in at.markdown)
    assert "<img" not in raw.replace("\\<img", "")
    assert not any(part.allow_html for part in at.markdown)


@pytest.mark.parametrize("view", ["timeline", "table"])
def test_other_views_of_a_ring(run: Run, view: str) -> None:
    at = run("ring", ring="RG-0007", view=view)
    assert len(at.dataframe) == (3 if view == "table" else 2)


def test_a_ring_that_is_not_there(run: Run) -> None:
    assert "Nothing is known" in run("ring", ring="RG-9999").info[0].value
    assert "Choose a ring" in run("ring").info[0].value


def test_too_big_a_ring_says_what_is_left_out(run: Run, served: Served) -> None:
    from tests.dashboard.fake_api import Book

    served.book.rings = Book(big=240).rings
    text = text_of(run("ring", ring="RG-0002"))
    assert "150 nodes with the highest risk are drawn" in text
    assert "The 240 members are too many to list; 40" in text


def test_a_service_that_is_down_is_told_with_a_way_on(run: Run, served: Served) -> None:
    served.book.down = True
    at = run("queue")
    assert "does not answer" in at.error[0].value
    served.book.down = False
    at.button(key="again-down").click().run()
    assert not at.error
    assert len(at.dataframe[0].value) == 74


def test_what_was_read_stays_when_the_service_goes_down(run: Run, served: Served) -> None:
    at = run("ring", ring="RG-0001")
    served.book.down = True
    at.session_state["reader"].forget()
    at.run()
    assert not at.exception
    assert "does not answer" in at.warning[0].value
    assert len(at.warning) == 1
    assert at.metric[0].value == "979"


def test_a_key_without_the_right_is_told_whom_to_ask(run: Run, served: Served) -> None:
    served.book.denied = True
    assert "administrator" in run("queue").error[0].value


def test_a_phone_has_a_page_with_its_neighbours(run: Run, served: Served) -> None:
    ring = served.book.rings[0]
    phone = next(node for node in ring.nodes if node.kind == "phone")
    at = run("search", id=phone.id)
    users = sum(target == phone.id for _, target, _ in ring.edges)
    assert f"application {users} · phone 1" in text_of(at)
    assert len(at.dataframe[0].value) == users


def test_an_application_has_a_page_with_score_and_ring(run: Run, served: Served) -> None:
    identifier = served.book.rings[0].members[0][0]
    text = text_of(run("search", id=f"application:{identifier}"))
    assert "Score (0–1000) 979" in text
    assert "Dealer: " in text


def test_search_finds_and_keeps_what_was_typed_out_of_the_address(run: Run, served: Served) -> None:
    at = run("search")
    at.text_input(key="entity-search").set_value(served.book.rings[0].members[0][0]).run()
    assert "1 found" in text_of(at)
    assert "q" not in at.query_params
    at.text_input(key="entity-search").set_value("nobody at all").run()
    assert "Nothing was found" in text_of(at)


def test_the_way_between_two_nodes(run: Run, served: Served) -> None:
    ring, other = served.book.rings[0], served.book.rings[5]
    at = run("search", id=f"application:{ring.members[0][0]}")
    at.text_input(key="path-search").set_value(ring.members[1][0]).run()
    assert "→" in text_of(at)
    assert "1 paths through hubs are hidden" in text_of(at)
    at.text_input(key="path-search").set_value(other.members[0][0]).run()
    assert "No path was found" in text_of(at)


def test_the_sweep_page_tells_what_changed(run: Run) -> None:
    at = run("sweep")
    assert "New 12 · Grown 3 · Merged 1" in text_of(at)
    assert len(at.dataframe[0].value) == 3


def test_the_sweep_page_before_the_first_sweep(run: Run, served: Served) -> None:
    served.book.rings = []
    assert "No sweep has been published" in run("sweep").info[0].value
