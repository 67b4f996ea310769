"""The web application for gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")

application = get_wsgi_application()

# What is loaded by now stays, so it need not be looked through for garbage at every turn; and a
# request makes thousands of objects that end with it.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 10, 10)
