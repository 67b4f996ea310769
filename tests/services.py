"""Starts the private servers before anything else, so that settings have a database.

The servers are started once. With pytest-xdist, the process that hands out the tests starts them.
Its workers get the addresses from the environment, and separate what they would otherwise share.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from qareview.machine import embedded

BROKER_DATABASES = 16  # that Valkey has; number 0 is for a running QAReview

# Threads of libraries wait for each other by spinning, which on cores that other tests keep busy
# makes a model many times slower. Here they sleep, and small matrices are left to one thread.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# "gw0", "gw1" and so on in a worker of pytest-xdist
worker = os.environ.get("PYTEST_XDIST_WORKER")
if worker is None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["QAREVIEW_MODEL"] = "scripted"
    os.environ["QAREVIEW_TEST_RUN"] = tempfile.mkdtemp(prefix="qareview-tests-")
    atexit.register(shutil.rmtree, os.environ["QAREVIEW_TEST_RUN"], ignore_errors=True)
    embedded.ensure()
    broker_database = 1
else:
    broker_database = 1 + int(worker.removeprefix("gw")) % (BROKER_DATABASES - 1)

os.environ["QAREVIEW_FILES_DIR"] = f"{os.environ['QAREVIEW_TEST_RUN']}/{worker or 'files'}"
Path(os.environ["QAREVIEW_FILES_DIR"]).mkdir()

# A broker database of its own, so that tests and a running QAReview do not hear each other.
os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{broker_database}"
