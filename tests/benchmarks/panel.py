"""The panel in a real browser: first paint, how soon a state is seen, frames while a big graph is moved, bundle size.

``python -m tests.benchmarks.panel`` prints a table. The server and JupyterLab are real, each in a process of its own.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.helpers.journey import write_big
from tests.helpers.lab import BUILT, PANEL, chromium, need_lab
from tests.helpers.live import BASE, TOKEN, Live, finished, live, project_id, submit
from tests.helpers.support import action, make_project

from .timing import say

WATCH = """
window.seen = {data: 0, row: 0};
const plain = window.fetch;
window.fetch = async (...asked) => {
  const answer = await plain(...asked);
  if (/\\/(status|pipeline)(\\?|$)/.test(String(asked[0].url ?? asked[0])) && !window.seen.row) {
    await answer.clone().text();
    window.seen.data = performance.now();
  }
  return answer;
};
new MutationObserver(() => {
  if (!window.seen.row && document.querySelector('.jp-pipeline-panel tbody tr')) {
    window.seen.row = -1;
    requestAnimationFrame(() => setTimeout(() => { window.seen.row = performance.now(); }));
  }
}).observe(document, {childList: true, subtree: true});
"""
STATES = """
name => {
  window.shown = {};
  const row = [...document.querySelectorAll('.jp-pipeline-panel tbody tr')].find(
    each => each.querySelector('[scope=row], th').textContent.startsWith(name)
  );
  const look = () => {
    for (const text of ['Running', 'Up to date']) {
      if (row.textContent.includes(text) && !window.shown[text]) window.shown[text] = Date.now();
    }
  };
  window.watcher?.disconnect();
  window.watcher = new MutationObserver(look);
  window.watcher.observe(row, {childList: true, subtree: true, characterData: true});
}
"""
QUIET = """
async () => {
  for (let quiet = 0; quiet < 10; ) {
    const begun = performance.now();
    await new Promise(done => setTimeout(done, 50));
    quiet = performance.now() - begun < 70 ? quiet + 1 : 0;
  }
}
"""
"""Waits until JupyterLab itself has nothing to do any more: half a second without a long task."""
FRAMES = """
() => new Promise(done => {
  let count = 0;
  const begun = performance.now();
  const each = now => {
    count += 1;
    if (now - begun < 3000) requestAnimationFrame(each);
    else done(1000 * count / (now - begun));
  };
  requestAnimationFrame(each);
})
"""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20, help="how many state changes")
    parser.add_argument("--size", type=int, default=1000, help="actions of the big graph")
    options = parser.parse_args()
    need_lab()
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        make_project(folder / "root/small", "".join(_step(number) for number in range(options.jobs)))
        write_big(folder / "root/big", options.size)
        with live(folder / "home", folder / "root", lab=True) as server:
            say("| what | measured | aim |\n|---|---|---|")
            for project, count in (("small", options.jobs), ("big", options.size)):
                paints = [_paint(browser, server, project) for _ in range(5)]
                say(f"| first paint after its data, {count} actions | {statistics.median(paints):.0f} ms | < 300 ms |")
            waits = _waits(browser, server, options.jobs)
            quick = f"{statistics.median(waits):.0f} ms (slowest {max(waits):.0f})"
            say(f"| a state is seen after it is in the store, {len(waits)} times | {quick} | < 250 ms |")
            for what, frames in _frames(browser, server).items():
                say(f"| {what}, {options.size} actions | {frames:.0f} frames/s | >= 50 |")
    say(f"| bundle, gzipped, without React | {_bundle() / 1000:.0f} KB | < 300 KB |")


def _step(number: int) -> str:
    return action(f"step_{number:02}", f"sleep 1.5; echo a > output/{number}.csv", x=f"output/{number}.csv")


def _open(browser: Any, server: Live, project: str) -> Any:
    page = browser.new_page(viewport={"width": 1500, "height": 950})
    page.add_init_script(WATCH)
    page.goto(f"http://127.0.0.1:{server.port}{BASE}lab/tree/{project}?token={TOKEN}&reset")
    page.get_by_role("tab", name="Pipeline").wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate(QUIET)
    page.get_by_role("tab", name="Pipeline").click()
    page.locator(f"{PANEL} tbody tr").first.wait_for()
    return page


def _paint(browser: Any, server: Live, project: str) -> float:
    """Milliseconds from the last answer that was missing to the table on the screen, while JupyterLab still starts."""
    page = _open(browser, server, project)
    page.wait_for_function("() => window.seen.row > 0")
    seen = page.evaluate("() => window.seen")
    page.close()
    return float(seen["row"] - seen["data"])


def _waits(browser: Any, server: Live, count: int) -> list[float]:
    """Milliseconds from when the store has a job running until the page says so."""
    page = _open(browser, server, "small")
    project = project_id(server, "small")
    waits = []
    for number in range(count):
        name = f"step_{number:02}"
        page.evaluate(STATES, name)
        request = submit(server, project, name)
        page.wait_for_function("() => window.shown['Running']", timeout=60_000)
        job = finished(server, project, request["id"])["jobs"][0]
        events = server.get(f"projects/{project}/jobs/{job['id']}")["timeline"]
        begun = next(datetime.fromisoformat(one["at"]) for one in events if one["state"] == "running")
        waits.append(page.evaluate("() => window.shown['Running']") - begun.timestamp() * 1000)
    page.close()
    return waits


def _frames(browser: Any, server: Live) -> dict[str, float]:
    """Frames a second while the graph is moved and scaled with the mouse."""
    page = _open(browser, server, "big")
    page.locator(PANEL).get_by_role("button", name="Graph", exact=True).click()
    graph = page.locator(".jp-pipeline-graph-host:visible")
    graph.wait_for()
    box = graph.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    found = {"nothing moved": page.evaluate(FRAMES)}
    page.mouse.move(x, y)
    for what, move in (("zoom", _zoom), ("pan", _pan)):
        page.evaluate(f"() => {{ window.counted = null; ({FRAMES})().then(n => {{ window.counted = n; }}); }}")
        step = 0
        while page.evaluate("() => window.counted") is None:
            move(page, x, y, step)
            step += 1
        found[what] = float(page.evaluate("() => window.counted"))
    page.close()
    return found


def _zoom(page: Any, _x: float, _y: float, step: int) -> None:
    page.mouse.wheel(0, -60 if step % 60 < 30 else 60)


def _pan(page: Any, x: float, y: float, step: int) -> None:
    if step == 0:
        page.mouse.move(x, y)
        page.mouse.down()
    page.mouse.move(x + 200 * ((step % 40) / 20 - 1), y + 100 * ((step % 30) / 15 - 1))


def _bundle() -> int:
    """Bytes of all scripts of the extension, each gzipped; React is JupyterLab's own."""
    return sum(len(gzip.compress(file.read_bytes())) for file in (BUILT.parent / "static").glob("*.js"))


if __name__ == "__main__":
    main()
