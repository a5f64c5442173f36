"""What every page shares: language, theme, the session's reader, the frame around trouble, and moves between pages."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, NoReturn, TypeVar
from urllib.parse import urlsplit

import httpx
import streamlit as st

from api.schemas import Status
from dashboard.bands import Theme
from dashboard.client import Client, connect
from dashboard.format import minute, plain
from dashboard.reader import Read, Reader
from dashboard.settings import Settings, read_settings
from dashboard.viewmodel import State, state_of
from dashboard.words import LANGUAGES, Language, Words, language_of, words
from graph.errors import RingsightError

Value = TypeVar("Value")

LANGUAGE_NAMES: Final[dict[str, str]] = {"en": "English", "zh": "中文"}
DAY_SECONDS: Final = 86_400
STALE_DAYS: Final = 8
STYLE: Final = """<style>
.stMainBlockContainer { padding: 1.3rem 1.6rem 2rem; }
[data-testid="stHeader"] { background: none; }
:is([data-testid="stHeader"], [data-testid="stToolbar"]) { pointer-events: none; }
[data-testid="stHeader"] button { pointer-events: auto; }
[data-testid="stToolbar"] { height: 2.4rem; }
[data-testid="stSidebarHeader"] { padding: .9rem 1rem 0; height: auto; margin-bottom: .6rem; }
[data-testid="stProgress"] [role="progressbar"] > div > div { height: 7px; }
[class*="st-key-tile-"] { border-left: 6px solid; border-radius: 8px; }
.st-key-node-panel { border-bottom: 1px solid rgba(128, 136, 150, .45); padding-bottom: .5rem; }
.st-key-node-panel p { margin-bottom: 0; }
.st-key-tile-red { border-left-color: #B3001B; border-left-style: double; }
.st-key-tile-amber { border-left-color: #F2A900; border-left-style: dashed; }
.st-key-tile-green { border-left-color: #1B7F79; }
[class*="st-key-reason-"] { gap: .2rem; padding-bottom: .35rem; border-bottom: 1px solid rgba(128, 136, 150, .25); }
:is([class*="st-key-reason-"], .st-key-node-panel) :is([data-testid="stMarkdownContainer"],
  [data-testid="stCaptionContainer"]) { margin-bottom: 0; }
[class*="st-key-reason-"] p { margin-bottom: 0; line-height: 1.35; }
[class*="st-key-evidence-"] { gap: .3rem; }
[class*="st-key-evidence-"] button { min-height: 1.7rem; padding: 0 .5rem; font-size: .85rem; }
</style>"""


@st.cache_resource
def _http(settings: Settings) -> httpx.Client:
    return connect(settings)


def language() -> Language:
    """The language chosen in the sidebar, at first the browser's."""
    chosen = st.session_state.get("language")
    return chosen if chosen in LANGUAGES else language_of(st.context.locale)


def tongue() -> Words:
    """The words of the session's language."""
    return words(language())


def theme() -> Theme:
    """The theme on the screen, for charts that carry their own colours."""
    return "dark" if st.context.theme.type == "dark" else "light"


def client() -> Client:
    """The API in the session's language, over the one pooled connection."""
    return Client(_http(read_settings(os.environ)), language())


def fetch(name: str, call: Callable[[Client], Value], *arguments: object) -> Value:
    """Read from the API through the session's reader; says so once a run when the answer is an old one."""
    reader = st.session_state.setdefault("reader", Reader(lambda: datetime.now(UTC)))
    api = client()
    read: Read[Value] = reader.read((api.language, name, *arguments), lambda: call(api))
    if read.stale and not st.session_state.get("told_stale"):
        st.session_state["told_stale"] = True
        _tell_stale(read.at)
    return read.value


def _tell_stale(at: datetime) -> None:
    t = tongue()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(t("stale.api", time=minute(at.isoformat())), icon=":material/warning:")
        st.button(t("again"), on_click=_forget, key="again-stale")


def _forget() -> None:
    if reader := st.session_state.get("reader"):
        reader.forget()


@contextmanager
def guarded() -> Iterator[None]:
    """Turn an error of the client into words on the page: what happened and what to do, with a button to try again."""
    try:
        yield
    except RingsightError as error:
        _tell(state_of(error))


def _tell(state: State) -> None:
    t = tongue()
    show = st.info if state is State.MISSING else st.error
    show(f"**{t(f'state.{state}')}**  \n{t(f'state.{state}.do', api=plain(_api_place()))}", icon=":material/info:")
    with st.container(horizontal=True):
        st.button(t("again"), on_click=_forget, key=f"again-{state}")
        if state is State.MISSING:
            back_to_queue()


def _api_place() -> str:
    return urlsplit(read_settings(os.environ).api_url).netloc


def open_page(name: str, **query: str) -> NoReturn:
    """Go to a page: queue, ring, entity or sweep."""
    st.switch_page(st.session_state["pages"][name], query_params=query)


def link(name: str, text: str, *, icon: str | None = None, **query: str) -> None:
    """A link to a page; `text` must be our own words or have gone through `plain`.

    Streamlit's link to the page one is on runs it with the new query and leaves the address as it was, so that the next
    click loses it: there a button sets the address.
    """
    if st.session_state.get("here") == name:
        key = f"go-{name}-{sorted(query.items())}"
        st.button(text, icon=icon, key=key, type="tertiary", on_click=st.query_params.from_dict, args=(query,))
        return
    st.page_link(st.session_state["pages"][name], label=text, icon=icon, query_params=query)


def back_to_queue() -> None:
    """A link to the queue with the filters it had when it was left."""
    link("queue", tongue()("back.queue"), icon=":material/arrow_back:", **st.session_state.get("queue-query", {}))


def sidebar() -> None:
    """Language and the age of the data, on every page."""
    t = tongue()
    with st.sidebar:
        st.segmented_control(
            "Language · 语言",
            LANGUAGES,
            key="language",
            default=None if "language" in st.session_state else language(),
            required=True,
            format_func=LANGUAGE_NAMES.__getitem__,
        )
        try:
            status = fetch("status", lambda api: api.status())
        except RingsightError:
            st.caption(t("status.unknown"))
        else:
            _freshness(status, t)


def _freshness(status: Status, t: Words) -> None:
    if status.sweep_published_at is None:
        st.caption(t("status.none"))
        return
    lines = [t("status.data", time=minute(status.sweep_published_at))]
    if status.applications is not None:
        lines.append(t("status.applications", n=f"{status.applications:,}"))
    if status.pending:
        lines.append(t("status.pending", n=f"{status.pending:,}"))
    st.caption("  \n".join(lines))
    if (status.sweep_age_seconds or 0) > STALE_DAYS * DAY_SECONDS:
        st.warning(t("status.old", days=int((status.sweep_age_seconds or 0) // DAY_SECONDS)), icon=":material/warning:")
