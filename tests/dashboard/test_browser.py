"""The dashboard in a real browser: rows, clicks, languages, and nothing that leaves the origin."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from dashboard.launch import command
from tests.dashboard.conftest import Served
from tests.dashboard.fake_api import KEY, PAYLOAD

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 30_000  # milliseconds, on a busy machine
PROBES = ("/_stcore/health", "/_stcore/host-config")
"""Streamlit's client asks these first under the page's own path and takes 404 as "one level up"."""

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@dataclass
class Watched:
    """A page, and what it did that it should not have done."""

    page: Page
    url: str
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def dashboard_url(running: Served) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "RINGSIGHT_API_URL": running.url, "RINGSIGHT_API_KEY": KEY}
    child = subprocess.Popen(command(port), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(url)
        yield url
    finally:
        child.terminate()
        child.wait(20)


def wait_until_healthy(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(f"{url}/_stcore/health", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    pytest.fail("the dashboard did not start within a minute")


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def contexts(browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    """One profile a language, so that Streamlit's scripts are fetched once."""
    size = {"width": 1280, "height": 800}
    opened = {locale: browser.new_context(viewport=size, locale=locale) for locale in ("en-US", "zh-CN")}
    yield opened
    for context in opened.values():
        context.close()


@pytest.fixture
def visit(contexts: dict[str, BrowserContext], dashboard_url: str, served: Served) -> Iterator[Callable[..., Watched]]:
    pages: list[Page] = []

    def open_page(path: str = "/", locale: str = "en-US") -> Watched:
        watched = Watched(contexts[locale].new_page(), dashboard_url)
        pages.append(watched.page)
        watch(watched)
        watched.page.goto(dashboard_url + path)
        return watched

    yield open_page
    for page in pages:
        page.close()


def watch(watched: Watched) -> None:
    page, own = watched.page, (watched.url, "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(own) else watched.foreign.append(request.url))
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            watched.complaints.append(f"{message.text} {message.location}")
            if message.type == "error" and not message.location.get("url", "").endswith(PROBES)
            else None
        ),
    )


def table(page: Page) -> Locator:
    found = page.get_by_test_id("stDataFrame").first
    found.wait_for(timeout=PATIENCE)
    expect(found.locator("canvas").first).to_be_visible(timeout=PATIENCE)
    return found


def click_row(page: Page, row: int) -> None:
    """The table is a canvas: rows are 34 pixels high below a header of 36."""
    box = table(page).bounding_box()
    assert box
    page.mouse.click(box["x"] + 300, box["y"] + 36 + 34 * row + 17)


def address(page: Page) -> str:
    return str(page.evaluate("location.href"))


def test_a_click_on_a_row_opens_that_ring_and_back_keeps_the_filter(visit: Callable[..., Watched]) -> None:
    watched = visit("/?band=amber")
    page = watched.page
    table(page)
    page.wait_for_timeout(500)
    click_row(page, 2)
    expect(page.get_by_role("heading", name="RG-0015")).to_be_visible(timeout=PATIENCE)
    assert "ring=RG-0015" in address(page)
    page.get_by_role("link", name="Back to queue").click()
    expect(page.get_by_text("48 of 48 rings")).to_be_visible(timeout=PATIENCE)
    assert "band=amber" in address(page)
    assert (watched.foreign, watched.complaints) == ([], [])


def test_focus_and_sorting_open_nothing_and_the_keyboard_opens_the_row(visit: Callable[..., Watched]) -> None:
    page = visit("/").page
    canvas = table(page).locator("canvas").first
    page.wait_for_timeout(500)
    canvas.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(800)
    assert "/ring" not in address(page)
    box = table(page).bounding_box()
    assert box
    page.mouse.click(box["x"] + 180, box["y"] + 18)
    page.wait_for_timeout(800)
    assert "/ring" not in address(page)
    canvas.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="RG-")).to_be_visible(timeout=PATIENCE)


def test_every_node_is_drawn_and_a_click_shows_its_evidence(visit: Callable[..., Watched], served: Served) -> None:
    ring = served.book.ring("RG-0007")
    assert ring
    watched = visit("/ring?ring=RG-0007")
    page = watched.page
    expect(page.locator(".linkchart .node")).to_have_count(len(ring.nodes), timeout=PATIENCE)
    expect(page.locator(".linkchart line.edge")).to_have_count(len(ring.edges))
    kinds = {node.kind for node in ring.nodes}
    expect(page.locator(".linkchart .entry")).to_have_count(len(kinds))
    phone = page.locator('.node[data-kind="phone"]').first
    chosen = phone.get_attribute("data-id")
    places = page.locator(".linkchart .node").evaluate_all("nodes => nodes.map(node => node.getAttribute('transform'))")
    phone.click()
    expect(page.get_by_text("Used by")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".node.selected")).to_have_attribute("data-id", chosen or "")
    after = page.locator(".linkchart .node").evaluate_all("nodes => nodes.map(node => node.getAttribute('transform'))")
    assert after == places
    assert (watched.foreign, watched.complaints) == ([], [])


def test_labels_do_not_overlap_and_the_legend_hides_a_kind(visit: Callable[..., Watched]) -> None:
    page = visit("/ring?ring=RG-0003").page
    page.locator(".linkchart .node").first.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(800)
    boxes = page.locator(".linkchart .label:not(.gone)").evaluate_all(
        "texts => texts.map(text => text.getBoundingClientRect()).map(b => [b.left, b.right, b.top, b.bottom])"
    )
    assert len(boxes) >= 12
    for n, one in enumerate(boxes):
        for two in boxes[n + 1 :]:
            apart = one[1] <= two[0] + 1 or two[1] <= one[0] + 1 or one[3] <= two[2] + 3 or two[3] <= one[2] + 3
            assert apart, (one, two)
    page.locator(".linkchart .entry", has_text="phone").click()
    expect(page.locator('.node[data-kind="phone"]').first).to_be_hidden()
    expect(page.locator(".linkchart .entry", has_text="phone")).to_have_attribute("aria-pressed", "false")


def test_keys_walk_the_chart_and_hide_the_labels(visit: Callable[..., Watched]) -> None:
    page = visit("/ring?ring=RG-0007").page
    page.locator(".linkchart .node").first.wait_for(timeout=PATIENCE)
    page.locator(".linkchart .frame").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".node.selected")).to_have_count(1)
    expect(page.locator(".linkchart .live")).not_to_be_empty()
    page.keyboard.press("Escape")
    expect(page.locator(".node.selected")).to_have_count(0)
    page.keyboard.press("l")
    expect(page.locator(".linkchart .label:not(.gone)")).to_have_count(0)


def test_both_languages_and_the_switch(visit: Callable[..., Watched]) -> None:
    page = visit("/", locale="zh-CN").page
    expect(page.get_by_role("heading", name="待核查团伙")).to_be_visible(timeout=PATIENCE)
    page.get_by_text("English", exact=True).click()
    expect(page.get_by_role("heading", name="Rings to look at")).to_be_visible(timeout=PATIENCE)


def test_markup_in_the_data_stays_text(visit: Callable[..., Watched], served: Served) -> None:
    ring = served.book.ring("RG-0003")
    assert ring
    employer = next(node for node in ring.nodes if node.label == PAYLOAD)
    watched = visit(f"/ring?ring=RG-0003&node={employer.id}")
    page = watched.page
    expect(page.get_by_text('<img src=x onerror="window.__hit=1">').first).to_be_visible(timeout=PATIENCE)
    page.locator(".linkchart .node").first.wait_for(timeout=PATIENCE)
    page.locator(f'.node[data-id="{employer.id}"]').hover()
    page.wait_for_timeout(500)
    assert page.evaluate("window.__hit") is None
    assert page.locator("img[src='x']").count() == 0
    assert (watched.foreign, watched.complaints) == ([], [])


def test_typed_search_opens_an_entity_and_stays_out_of_the_address(
    visit: Callable[..., Watched], served: Served
) -> None:
    typed = served.book.rings[0].members[0][0]
    watched = visit("/")
    page = watched.page
    box = page.get_by_role("textbox").first
    box.wait_for(timeout=PATIENCE)
    box.fill(typed)
    box.press("Enter")
    found = page.get_by_role("button", name=typed)
    found.wait_for(timeout=PATIENCE)
    assert typed not in address(page)
    found.click()
    expect(page.get_by_role("heading", name=typed)).to_be_visible(timeout=PATIENCE)
    assert f"id=application%3A{typed}" in address(page)
    other = page.get_by_label("Find the other one")
    other.fill(served.book.rings[0].members[1][0])
    other.press("Enter")
    expect(page.get_by_text("paths through hubs are hidden")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("heading", name=typed)).to_be_visible()
    assert (watched.foreign, watched.complaints) == ([], [])


def test_a_point_of_the_sweep_is_drawn_and_nothing_leaves_the_origin(visit: Callable[..., Watched]) -> None:
    watched = visit("/sweep")
    chart = watched.page.get_by_test_id("stVegaLiteChart")
    expect(chart.locator("svg").first).to_be_visible(timeout=PATIENCE)
    watched.page.wait_for_timeout(500)
    assert (watched.foreign, watched.complaints) == ([], [])


def test_the_service_goes_down_and_comes_back_without_a_reload(visit: Callable[..., Watched], served: Served) -> None:
    served.book.down = True
    page = visit("/").page
    expect(page.get_by_text("does not answer")).to_be_visible(timeout=PATIENCE)
    served.book.down = False
    page.get_by_role("button", name="Try again").click()
    table(page)
