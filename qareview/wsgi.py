"""The web application for gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")

application = get_wsgi_application()

# What is loaded here lives as long as the process, so the garbage collector can skip it. A request
# makes thousands of short-lived objects, so it is run less often; chosen; nobody measured.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 10, 10)
