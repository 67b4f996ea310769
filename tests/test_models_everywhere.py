"""A model that one web server adds is known to the others and to the workers at once."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model_server import Server
from tests.site import ROOT, Site, prepared, until

pytestmark = pytest.mark.slow
SECONDS = 5
# A process that has asked for the models before: it prints when it knows the new one.
WATCH = """
import time
from qareview.backends import model_names
print("watching", "fresh" in model_names(), flush=True)
while "fresh" not in model_names():
    time.sleep(0.1)
print("seen", time.time(), flush=True)
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    started = prepared(tmp_path / "var").start()
    yield started
    started.stop()


def test_all_processes_know_a_new_model_within_five_seconds(
    site: Site, server: Server, tmp_path: Path
) -> None:
    output = tmp_path / "watch.out"
    watching = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", WATCH],
        cwd=ROOT,
        env=site.environment,
        stdout=output.open("wb"),
    )
    site.manage("create_project", "Waiting")
    site.write("update qareview_project set model = 'fresh' where slug = 'waiting'")
    note = tmp_path / "note.md"
    note.write_text("The gates of the basin close by themselves when the tide falls.")
    site.manage("import_documents", "waiting", str(note))
    until(lambda: "There is no model named “fresh”" in site.status("waiting")["trouble"], 60)
    until(lambda: "watching False" in output.read_text(), 60)

    session = site.sign_in()
    session.get(f"{site.url}/models/new/?kind=server")
    data = {"url": server.url, "served_name": "fresh", "concurrency": "8"}
    data["csrfmiddlewaretoken"] = session.cookies["csrftoken"]
    address = f"{site.url}/models/new/?kind=server"
    added_at = time.time()
    answer = session.post(address, data, headers={"Referer": address}, allow_redirects=False)
    assert answer.status_code == 302
    until(lambda: server.bodies, SECONDS)  # the worker that had refused drafts with it
    watching.wait(SECONDS)
    assert float(output.read_text().split("seen ")[1]) - added_at < SECONDS
    pages = [session.get(f"{site.url}/projects/new/").text for _ in range(20)]
    assert [text for text in pages if ">fresh<" not in text] == []
