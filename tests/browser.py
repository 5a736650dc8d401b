"""A real browser for tests: Debian's Chromium without a window, with no network at all."""

import base64
import json
import os
import shutil
from contextlib import contextmanager

import pytest

CHROMIUM, DRIVER = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
PHONE, WIDE = 390, 1280


@contextmanager
def browser(downloads):
    """Give a page of Chromium; skip where there is none, but fail in continuous integration, which installs it."""
    if not (CHROMIUM and DRIVER):
        missing = "no chromium and chromedriver here: apt-get install chromium chromium-driver"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield Page(driver, downloads)
    finally:
        driver.quit()


class Page:
    """What tests do with a page."""

    def __init__(self, driver, downloads):
        self.driver = driver
        self.command("Network.enable", {})
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self.command("Network.emulateNetworkConditions", offline)
        calm = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
        self.command("Emulation.setEmulatedMedia", calm)
        self.command("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})

    def command(self, name, arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def open(self, file, width=WIDE, scripts=True):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.command("Emulation.setDeviceMetricsOverride", size)
        self.command("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        self.driver.get_log("browser"), self.driver.get_log("performance")
        self.driver.get(file.resolve().as_uri())

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def one(self, selector):
        from selenium.webdriver.common.by import By

        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def every(self, selector):
        from selenium.webdriver.common.by import By

        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def errors(self):
        """Return what the console says."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Return the addresses that were asked for, other than the file itself and what it holds."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith(("data:", "blob:", self.driver.current_url.split("#")[0]))]

    def picture(self, path):
        """Write the whole page as PNG."""
        box = self.command("Page.getLayoutMetrics", {})["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": box["width"], "height": box["height"], "scale": 1}
        found = self.command("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        path.write_bytes(base64.b64decode(found["data"]))

    def pdf(self):
        """Return the page as printed on A4."""
        found = self.command("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": False})
        return base64.b64decode(found["data"])
