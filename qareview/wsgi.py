"""The web application for gunicorn."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")

application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # or each worker would import all views at its first request

# Objects loaded here live as long as the process, so the garbage collector can skip them. A request
# makes thousands of short-lived objects, so it runs less often. Chosen; nobody measured.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 10, 10)
