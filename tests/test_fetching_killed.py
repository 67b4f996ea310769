"""A worker killed while it fetches goes on; one whose fetch is cancelled stops."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests import models
from tests.fetches import WEIGHTS
from tests.hub_server import ID, Hub
from tests.site import Site, prepared, until

pytestmark = pytest.mark.slow

WORK_WORKER = "worker .*--queues work"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(models.decoder(tmp_path / "tiny", wide=True))
    made.senders[WEIGHTS] = made.waits_in_the_middle
    yield made
    made.close()


@pytest.fixture
def site(hub: Hub, tmp_path: Path) -> Iterator[Site]:
    var = tmp_path / "var"
    own = {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0", "QAREVIEW_MODELS_DIR": f"{var}/models"}
    started = prepared(var, **own).start()
    yield started
    started.stop()


def post(site: Site, session: requests.Session, address: str, **data: str) -> str:
    token = {"csrfmiddlewaretoken": session.cookies["csrftoken"]}
    url = f"{site.url}/models/{address}"
    answer = session.post(url, data={**data, **token}, headers={"Referer": url})
    assert answer.ok, answer.text
    return answer.text


def files_of(site: Site) -> list[str]:
    return [name for _, _, names in os.walk(site.var / "models" / "hub") for name in names]


def test_a_killed_worker_goes_on_and_a_cancelled_one_stops(site: Site, hub: Hub) -> None:
    session = site.sign_in()
    post(site, session, "fetches/new/", hub_id=ID)
    query = "select fetched, size, state from qareview_modelfetch"
    until(
        lambda: site.rows(query) and site.rows(query)[0][0] > 0 and hub.is_in_the_middle.is_set(),
        60,
    )
    hub.senders.clear()
    site.kill(WORK_WORKER)
    hub.go_on.set()
    until(lambda: site.rows("select name from qareview_addedmodel") == [("tiny",)], 120)
    assert site.rows(query)[0][2] == "done"
    assert hub.ranges  # it did not begin from the start
    assert ".fetching" not in files_of(site)

    before = len(files_of(site))
    hub.go_on.clear()
    hub.is_in_the_middle.clear()
    hub.senders[WEIGHTS] = hub.waits_in_the_middle
    post(site, session, "fetches/new/", hub_id=ID, name="again")
    until(lambda: hub.is_in_the_middle.is_set() and len(files_of(site)) > before, 60)
    [(number,)] = site.rows("select id from qareview_modelfetch where name = 'again'")
    post(site, session, f"fetches/{number}/cancel/")
    hub.go_on.set()
    until(lambda: len(files_of(site)) == before, 30)
    assert site.rows("select name from qareview_modelfetch") == [("tiny",)]
