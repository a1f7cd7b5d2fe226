"""Pages in a real Chromium, cache cold: `python -m benchmarks.pages nep89.txt [--beside URL]`.

A server is started for it, with a harmonic forecast of silicon on MAPS and TOSCA. Measured are what the forecast and
the landing page transfer, when their controls respond and the first figure stands, and how long a step of the slider of
MAPS's incident energy takes until plotly.js has drawn. `--beside` measures another running server in turn, such as one
of version 0.1.0, whose pages have other elements but the same API.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.sync_api import Browser, Locator, Page, Request, TimeoutError, sync_playwright

from benchmarks.main_job import ROOT, served

CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
ROUNDS: Final = 5
STEPS: Final = 60
BURST: Final = 30
SIZE: Final = {"width": 1440, "height": 900}
PATIENCE_S: Final = 180
SETTLED_MS: Final = 1000
"""A page is settled after so long without a request."""
TARGETS: Final = {
    "forecast": {"kB": 1300.0, "requests": 20.0, "interactive": 1.0},
    "landing": {"kB": 250.0, "interactive": 0.5},
    "step": {"median": 0.120, "p95": 0.250},
}

# When there is first a control to move, and a figure: seen at the next frame, on pages of any version
WATCH: Final = """
window.seen = {};
const look = () => {
    const note = (name, found) => { if (found) window.seen[name] ??= performance.now() / 1000; };
    note("controls", document.querySelector("input[type=range], [role=slider]"));
    note("figure", document.querySelector(".js-plotly-plot .plot-container .main-svg"));
    requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
MARKS: Final = """() => ({
    ...window.seen,
    loaded: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd / 1000,
    answered: performance.getEntriesByType("navigation")[0].responseStart / 1000,
    ...Object.fromEntries(performance.getEntriesByType("mark").map(({name, startTime}) => [name, startTime / 1000])),
})"""
TIME_STEPS: Final = """() => {
    const graph = [...document.querySelectorAll(".js-plotly-plot")].find((one) => one.getClientRects().length);
    window.steps = [];
    window.lost = 0;
    let began = null;
    document.addEventListener("keydown", () => { began ??= performance.now(); }, true);
    graph.on("plotly_afterplot", () => {
        if (began !== null) window.steps.push((performance.now() - began) / 1000);
        began = null;
    });
}"""


@dataclass
class Traffic:
    """What a page fetched, in the order of the requests: bytes on the wire (headers too), and addresses."""

    bytes: dict[str, int] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    def before_figures(self) -> tuple[int, int]:
        """Requests and bytes before the first that a figure needs."""
        names = list(self.addresses)
        first = next((n for n, name in enumerate(names) if "plotly" in self.addresses[name]), len(names))
        return first, sum(self.bytes.get(name, 0) for name in names[:first])


def follow(page: Page) -> Traffic:
    """Note what a page fetches from now on."""
    traffic = Traffic()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")

    def begins(event: Mapping[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            traffic.addresses[event["requestId"]] = event["request"]["url"]

    def ends(event: Mapping[str, Any]) -> None:
        if event["requestId"] in traffic.addresses:
            traffic.bytes[event["requestId"]] = int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", begins)
    session.on("Network.loadingFinished", ends)
    return traffic


def forecast(base: str) -> str:
    """Forecast silicon on a server, and return the path of the page."""
    with httpx.Client(base_url=f"{base}/api/v1", timeout=60) as client:
        content = (ROOT / "backend/structures/examples/silicon.cif").read_bytes()
        structure = client.post("/structures", files={"file": ("silicon.cif", content)}).raise_for_status().json()["id"]
        body = {"structure_id": structure, "method": "harmonic", "quality": "preview", "instruments": ["MAPS", "TOSCA"]}
        row = client.post("/predictions", json=body).raise_for_status().json()
        while row["status"] not in ("succeeded", "failed"):
            time.sleep(0.2)
            row = client.get(f"/predictions/{row['id']}").json()
        assert row["status"] == "succeeded", row["error"]
        client.post(f"/predictions/{row['id']}/spectrum", json={"instrument": "MAPS"}).raise_for_status()
    return f"/forecast/{structure}?predictions={row['id']}"


def wait_for_brotli(base: str, path: str) -> None:
    """Wait until a new server has compressed plotly.js, which it does once."""
    html = httpx.get(base + path, timeout=60).text
    found = [part for part in html.split('"') if part.endswith("plotly.min.js")]
    end = time.monotonic() + PATIENCE_S
    while found and time.monotonic() < end:
        if httpx.head(base + found[0], headers={"Accept-Encoding": "br"}).headers.get("content-encoding") == "br":
            return
        time.sleep(1)


def settle(page: Page, traffic: Traffic, seen: str) -> None:
    """Wait for a thing on the page, then until it has asked for nothing for a while."""
    page.wait_for_function(f"() => window.seen && {seen}", timeout=PATIENCE_S * 1000)
    n_before = -1
    while n_before != len(traffic.addresses):
        n_before = len(traffic.addresses)
        page.wait_for_timeout(SETTLED_MS)


def load(browser: Browser, address: str, seen: str) -> dict[str, float]:
    """Load a page with nothing in the cache: seconds, requests, kB, and both before its figures."""
    with browser.new_context(viewport=SIZE) as context:
        page = context.new_page()
        page.add_init_script(WATCH)
        traffic = follow(page)
        page.goto(address)
        settle(page, traffic, seen)
        marks: dict[str, float] = page.evaluate(MARKS)
        early, early_bytes = traffic.before_figures()
        return {
            "requests": len(traffic.addresses),
            "kB": sum(traffic.bytes.values()) / 1000,
            "early requests": early,
            "early kB": early_bytes / 1000,
            # Pages of version 0.1.0 set no marks
            "interactive": marks.get("interactive", marks.get("controls", marks["loaded"])),
            "figure": marks.get("figure", float("nan")),
            "answered": marks["answered"],
        }


def slider(page: Page) -> Locator:
    """The slider of MAPS's incident energy, where needed in its fold."""
    for fold in page.locator("details:not([open]) > summary", has_text="MAPS").all():
        fold.click()
    named = page.get_by_role("slider", name="MAPS: Incident energy").first
    named.wait_for(timeout=30_000)
    return named


@dataclass(frozen=True)
class Steps:
    """Seconds of steps, how many were never drawn, and whether the last of a burst was."""

    seconds: Sequence[float]
    lost: int
    last_shown: bool

    @property
    def p95(self) -> float:
        """The 95th percentile."""
        return statistics.quantiles(self.seconds, n=20)[-1]


def step(browser: Browser, address: str) -> Steps:
    """Move the slider step by step, then as fast as keys repeat."""
    with browser.new_context(viewport=SIZE) as context:
        page = context.new_page()
        page.add_init_script(WATCH)
        traffic = follow(page)
        page.goto(address)
        settle(page, traffic, "window.seen.figure")
        moved = slider(page)
        moved.focus()
        page.evaluate(TIME_STEPS)
        for number in range(STEPS):
            page.keyboard.press("ArrowRight" if number % 20 < 10 else "ArrowLeft")
            try:
                page.wait_for_function("n => window.steps.length + window.lost > n", arg=number)
            except TimeoutError:
                page.evaluate("() => { window.lost += 1; }")
        seconds, lost = page.evaluate("() => [window.steps, window.lost]")

        asked: list[Request] = []
        page.on("request", lambda request: asked.append(request) if request.method == "POST" else None)
        for _ in range(BURST):
            page.keyboard.press("ArrowRight")
        settle(page, traffic, "window.seen.figure")
        text = moved.get_attribute("aria-valuetext") or moved.get_attribute("aria-valuenow") or ""
        bodies = [body for request in asked if "e_init" in (body := request.post_data or "")]
        return Steps(seconds, lost, bool(bodies) and energy_in(bodies[-1]) == float(text.split()[0]))


def energy_in(body: str) -> float | None:
    """The incident energy in meV that a request for figures asks for."""
    found = []

    def look(value: Any) -> None:
        if isinstance(value, Mapping):
            found.extend(float(one) for key, one in value.items() if key == "e_init")
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                look(one)

    look(json.loads(body))
    return found[0] if found else None


def report(name: str, values: Mapping[str, float], target: Mapping[str, float]) -> None:
    """Print a line; what misses its target is marked."""
    parts = []
    for key, value in values.items():
        limit = target.get(key)
        verdict = "" if limit is None else f" (≤ {limit:g}{'' if value <= limit else ': MISSED'})"
        parts.append(f"{key} {value:.3g}{verdict}" if value < 1000 else f"{key} {value:.0f}{verdict}")
    print(f"{name}: {', '.join(parts)}", flush=True)


def medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each number over some runs."""
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def measure(browser: Browser, servers: Mapping[str, str]) -> None:
    """Print the figures of servers, in turn round by round, so that a drifting machine is fair to all."""
    paths = {name: forecast(base) for name, base in servers.items()}
    for name, base in servers.items():
        wait_for_brotli(base, paths[name])
        load(browser, base + paths[name], "window.seen.figure")

    def rounds(run: Callable[[str], Mapping[str, float]]) -> dict[str, dict[str, float]]:
        runs: dict[str, list[Mapping[str, float]]] = {name: [] for name in servers}
        for _ in range(ROUNDS):
            for name in servers:
                runs[name].append(run(name))
        return {name: medians(found) for name, found in runs.items()}

    pages = rounds(lambda name: load(browser, servers[name] + paths[name], "window.seen.figure"))
    for name, found in pages.items():
        report(f"{name}, forecast (s, kB)", found, TARGETS["forecast"])
    for name, found in rounds(lambda name: load(browser, f"{servers[name]}/", "document.body")).items():
        before = {"kB": found["early kB"], "requests": found["early requests"], "interactive": found["interactive"]}
        report(f"{name}, landing before its figure (s, kB)", before, TARGETS["landing"])
        report(f"{name}, landing in all", {key: found[key] for key in ("kB", "requests")}, {})
    for name, base in servers.items():
        steps = step(browser, base + paths[name])
        values = {"median": statistics.median(steps.seconds), "p95": steps.p95}
        report(f"{name}, slider step to redraw (s)", values, TARGETS["step"])
        print(f"{name}, steps not drawn: {steps.lost}; last of a burst drawn: {steps.last_shown}", flush=True)


def main() -> None:
    """Start a server and a browser, and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path, help="the file of NEP89")
    parser.add_argument("--beside", metavar="URL", help="another running server")
    arguments = parser.parse_args()
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if executable is None:
        print("There is no Chromium on this machine: pages are not measured.")
        return
    with ExitStack() as stack:

        def entered(manager: AbstractContextManager[Any]) -> Any:
            return stack.enter_context(manager)

        client, _, _ = entered(served(arguments.model))
        browser = entered(sync_playwright()).chromium.launch(executable_path=executable, args=["--no-sandbox"])
        servers = {"here": str(client.base_url).removesuffix("/").removesuffix("/api/v1")}
        if arguments.beside:
            servers["beside"] = arguments.beside.rstrip("/")
        measure(browser, servers)
        browser.close()


if __name__ == "__main__":
    main()
