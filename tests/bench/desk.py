"""How fast the desk, the list, the search and the progress page are, over HTTP with sessions.

``make bench-desk`` prints a JSON object as its last line, keyed by the number of items. At each
size, 20 reviewers each decide once a second, while the other pages are requested in turn. At 10,000
items, one client and then ten decide without a pause. ``SIZES=10000`` measures only that size.
"""

import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.desks import Desk, sessions
from tests.site import Site

SIZES = [int(size) for size in os.environ.get("SIZES", "10000 100000 1000000").split()]
SEARCHED = ("kalo", "tensor vel", "dunber", "golmi", "harjes kum", "lanmor", "ost", "qua")
REVIEWERS, SECONDS = 20, 40
SHARE_SECONDS = 60  # as templates/review/desk.html has it
CLIENTS, CLIENT_SECONDS = 10, 15
SMALLEST = 10_000  # the size at which clients decide without a pause

Timed = list[float]


def timed(work: Callable[[], object], into: Timed) -> None:
    start = time.perf_counter()
    work()
    into.append(time.perf_counter() - start)


def percentile(times: Timed, part: int) -> float:
    """Return a percentile in milliseconds."""
    return round(statistics.quantiles(times, n=100)[part - 1] * 1000, 1)


def fill(site: Site, slug: str, size: int) -> None:
    code = (
        "from tests.bench import rows; from qareview.models import Project; "
        f"rows.fill(Project.objects.get(slug='{slug}'), {size})"
    )
    process = site.manage("shell", "-v", "0", "-c", code, timeout=3600)
    assert process.returncode == 0, process.stderr
    print(f"{size} items are stored", file=sys.stderr)  # noqa: T201


def decide_all_along(desk: Desk, end: float, times: dict[str, Timed]) -> None:
    """Decide once a second until the end, starting somewhere within the second."""
    time.sleep(random.random())
    while time.monotonic() < end:
        begun = time.monotonic()
        verdict = random.choice(("accepted", "accepted", "skipped"))
        timed(lambda verdict=verdict: desk.decide(verdict), times["decide"])
        assert desk.item
        time.sleep(max(0.0, 1 - (time.monotonic() - begun)))


def look_around(desk: Desk, site: Site, slug: str, end: float, times: dict[str, Timed]) -> None:
    """Ask for the other pages, one after the other, until the end."""
    base = f"{site.url}/projects/{slug}"
    documents = [row[0] for row in site.rows(
        "select d.id from generation_document d join qareview_project p on p.id = d.project_id "
        "where p.slug = %s limit 50", slug
    )]  # fmt: skip

    def get(address: str) -> None:
        answer = desk.http.get(base + address)
        assert answer.status_code == 200, (address, answer.status_code)

    shared_at = 0.0
    while time.monotonic() < end:
        word = random.choice(SEARCHED)
        pages = {
            "list": random.choice((
                "/items/?state=pending", f"/items/?document={random.choice(documents)}",
                "/items/?state=accepted&score_from=0.5", "/items/?flag=unsupported",
                "/items/?page=40",
            )),
            "search": f"/items/?text={word}",
            "progress": "/progress/",
        }  # fmt: skip
        if time.monotonic() > shared_at + SHARE_SECONDS / REVIEWERS:  # each one's page asks for it
            pages["share"], shared_at = "/review/share/", time.monotonic()
        for name, address in pages.items():
            timed(lambda address=address: get(address), times[name])
            time.sleep(0.1)


def with_twenty_reviewers(site: Site, slug: str, keys: list[str]) -> dict[str, float]:
    desks = [Desk(site, slug, key) for key in keys]
    times: dict[str, Timed] = {
        name: [] for name in ("decide", "share", "list", "search", "progress")
    }
    end = time.monotonic() + SECONDS
    others = threading.Thread(target=look_around, args=(desks[0], site, slug, end, times))
    others.start()
    with ThreadPoolExecutor(REVIEWERS) as pool:
        list(pool.map(lambda desk: decide_all_along(desk, end, times), desks[1:]))
    others.join()
    return {
        "decisions": len(times["decide"]),
        "decide_p50_ms": percentile(times["decide"], 50),
        **{f"{name}_p95_ms": percentile(seconds, 95) for name, seconds in times.items()},
    }


def without_a_pause(site: Site, slug: str, keys: list[str]) -> dict[str, float]:
    desk = Desk(site, slug, keys[0])
    times: Timed = []
    for _ in range(300):
        timed(desk.decide, times)
    decided: list[int] = []

    def work(key: str) -> None:
        desk = Desk(site, slug, key)
        end = time.monotonic() + CLIENT_SECONDS
        while time.monotonic() < end and desk.item:
            decided.append(desk.item)
            desk.decide()

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, keys[1 : CLIENTS + 1]))
    return {
        "one_client_p50_ms": percentile(times, 50),
        "ten_clients_per_second": round(len(decided) / CLIENT_SECONDS, 1),
        "given_twice": len(decided) - len(set(decided)),
    }


def measure(site: Site, size: int) -> dict[str, float]:
    slug = f"many-{size}"
    keys = sessions(site, slug, reviewers=REVIEWERS + 1)
    fill(site, slug, size)
    figures = with_twenty_reviewers(site, slug, keys)
    if size == SMALLEST:
        figures |= without_a_pause(site, slug, keys)
    print(json.dumps({size: figures}), file=sys.stderr)  # noqa: T201
    return figures


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qareview-bench-") as folder:
        site = Site(Path(folder) / "var").start()
        try:
            site.manage("wait", "sample")
            print(json.dumps({size: measure(site, size) for size in SIZES}))  # noqa: T201
        finally:
            site.stop()


if __name__ == "__main__":
    main()
