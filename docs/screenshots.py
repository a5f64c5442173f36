"""Pictures of a running dashboard for the documentation: docs/images/{queue,ring}-{en,zh}.png at 1280 x 800.

Run it beside a running API and dashboard: `python docs/screenshots.py http://127.0.0.1:8501 [--ring RG-0001]`.
"""

import argparse
import os
import shutil
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES: Final = Path(__file__).with_name("images")
SIZE: Final = {"width": 1280, "height": 800}
LOCALES: Final = {"en": "en-US", "zh": "zh-CN"}
CHROMIUM_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE: Final = 30_000  # milliseconds
QUIET: Final = 1_200  # milliseconds in which charts finish drawing


def main() -> None:
    """Take the pictures; the ring is the first of the queue unless one is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="address of the dashboard")
    parser.add_argument("--ring", help="id of the ring to show; default: the first of the queue")
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder of the pictures")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        path = os.environ.get("RINGSIGHT_TEST_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        for language, locale in LOCALES.items():
            take(browser, asked.url.rstrip("/"), asked.ring, asked.out, (language, locale, asked.theme))
        browser.close()


def take(browser: Browser, url: str, ring: str | None, out: Path, look: tuple[str, str, str]) -> None:
    """Both pictures in one language; look: language, locale, theme."""
    language, locale, theme = look
    context = browser.new_context(viewport=SIZE, locale=locale, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    page.get_by_test_id("stDataFrame").wait_for(timeout=PATIENCE)
    page.wait_for_timeout(QUIET)
    page.screenshot(path=out / f"queue-{language}.png")
    if ring:
        page.goto(f"{url}/ring?ring={ring}")
    else:
        open_first(page)
    page.locator(".linkchart .node").first.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(QUIET)
    page.screenshot(path=out / f"ring-{language}.png")
    context.close()


def open_first(page: Page) -> None:
    """Pick the first row of the queue: the table is a canvas."""
    box = page.get_by_test_id("stDataFrame").bounding_box()
    if box is None:
        raise SystemExit("The queue shows no table: publish a sweep with rings first.")
    page.mouse.click(box["x"] + 300, box["y"] + 62)


if __name__ == "__main__":
    main()
