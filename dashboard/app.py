"""The dashboard's router: `streamlit run dashboard/app.py`."""

from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import page
from dashboard.views import queue, ring, search, sweep
from dashboard.words import Words

IMAGES: Final = Path(__file__).with_name("images")


def pages(t: Words) -> dict[str, StreamlitPage]:
    """The pages by name; a ring is reached from the queue, not from the menu."""
    return {
        "queue": st.Page(queue.render, title=t("nav.queue"), icon=":material/list:", url_path="queue", default=True),
        "entity": st.Page(search.render, title=t("nav.search"), icon=":material/search:", url_path="entity"),
        "sweep": st.Page(sweep.render, title=t("nav.sweep"), icon=":material/event_repeat:", url_path="sweep"),
        "ring": st.Page(ring.render, title=t("nav.ring"), icon=":material/hub:", url_path="ring", visibility="hidden"),
    }


def main() -> None:
    """Name the pages, draw the frame, run the page that the address asks for."""
    icon = str(IMAGES / "mark.svg")
    st.set_page_config(page_title="Ringsight", page_icon=icon, layout="wide", initial_sidebar_state=210)
    st.logo(IMAGES / "logo.svg", icon_image=IMAGES / "mark.svg", size="large")
    st.session_state["told_stale"] = False
    st.session_state["pages"] = pages(page.tongue())
    chosen = st.navigation(list(st.session_state["pages"].values()))
    st.session_state["here"] = chosen.url_path
    st.html(page.STYLE)
    page.sidebar()
    with page.guarded():
        chosen.run()


if __name__ == "__main__":
    main()
