"""Loaded before anything else: starts the private servers, so that settings find a database."""

import atexit
import os
import shutil
import tempfile

from qareview.machine import embedded

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["QAREVIEW_MODEL"] = "scripted"
os.environ["QAREVIEW_FILES_DIR"] = tempfile.mkdtemp(prefix="qareview-test-files-")
atexit.register(shutil.rmtree, os.environ["QAREVIEW_FILES_DIR"], ignore_errors=True)

embedded.ensure()
# A broker database of its own, so that tests and a running QAReview do not hear each other.
os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rpartition("/")[0] + "/1"
