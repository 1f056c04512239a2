"""A real browser for the report: Debian's chromium, headless, which downloads nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)

TOO_WIDE = """
const inside = e => { for (let p = e.parentElement; p; p = p.parentElement)
    if (getComputedStyle(p).overflowX !== 'visible' && p !== document.body
        && p !== document.documentElement) return true; return false; };
return [...document.body.querySelectorAll('*')]
    .filter(e => !(e instanceof SVGElement) && !inside(e)
        && e.getBoundingClientRect().right > WIDTH + 1)
    .map(e => e.tagName + '.' + e.className);
"""
# WIDTH and not innerWidth, because the window of a phone grows with what is too wide for it.
"""What reaches over the right edge of the page without a box of its own that scrolls."""

OVERFLOWING = """
return [...document.querySelectorAll('h1, h2, h3, p, li, td, th, dt, dd, caption')]
    .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
    .map(e => e.tagName + ': ' + e.textContent.trim().slice(0, 60));
"""
"""Texts that are wider than what holds them."""

CUT_OFF = """
return [...document.querySelectorAll('svg.picture')].flatMap(svg => {
    const box = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('text')].filter(t => { const b = t.getBoundingClientRect();
        return b.width && (b.left < box.left - 2 || b.right > box.right + 2
            || b.top < box.top - 2 || b.bottom > box.bottom + 2); })
        .map(t => t.textContent); });
"""
"""Texts of pictures that reach over the picture's edge."""


class Browser:
    """A window of a browser, and what was asked of it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.width = 0

    def open(self, path: Path, width: int = 1_400, scheme: str = "light") -> None:
        """Open a file in a window of this width, for a reader who prefers this scheme."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.width = width
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get(path.as_uri())

    def ask(self, script: str) -> Any:
        return self.driver.execute_script(script.replace("WIDTH", str(self.width)))

    def messages(self) -> list[str]:
        """What the console and the network said since it was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Addresses of everything that the page loaded beside itself."""
        return list(self.ask("return performance.getEntriesByType('resource').map(e => e.name);"))

    def picture(self, selector: str, path: Path) -> None:
        """Write a picture of an element, all of it."""
        script = f"""const b = document.querySelector({selector!r}).getBoundingClientRect();
            return [b.left + scrollX, b.top + scrollY, b.width, b.height];"""
        x, y, width, height = self.ask(script)
        clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
        options = {"captureBeyondViewport": True, "clip": clip}
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", options)
        path.write_bytes(base64.b64decode(shot["data"]))

    def printed(self, path: Path) -> Path:
        """Print the page to a PDF of A4 pages, as its style sheet asks for."""
        options = {"preferCSSPageSize": True, "printBackground": False}
        done = self.driver.execute_cdp_cmd("Page.printToPDF", options)
        path.write_bytes(base64.b64decode(done["data"]))
        return path


@contextmanager
def started(folder: Path) -> Iterator[Browser]:
    """Start a browser with a profile of its own below a folder, and end it."""
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(executable_path=str(DRIVER)))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
