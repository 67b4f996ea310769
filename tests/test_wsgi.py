"""What the processes of the web server share, since it is loaded before they are forked."""

import os
import subprocess
import sys

CODE = """
import qareview.wsgi, sys, threading
from django.db import connection
from qareview.broker import broker
print("generation.views.review" in sys.modules, connection.connection)
print(broker.cache_info().currsize, threading.active_count())
"""


def test_views_are_shared_but_no_connection_and_no_thread() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=os.environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "None", "0", "1"]
