"""The Celery application, which runs the tasks. The queue is the database: see jobs.py."""

import os
import threading
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, worker_ready, worker_shutting_down
from django.conf import settings
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
# Threads of torch that wait for each other sleep. Otherwise they keep cores busy that other
# programs need, whose work then holds up one of the threads and so all of them.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

MODELS_QUEUE = "models"  # see CELERY_TASK_ROUTES

app = Celery("qareview")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
def _set_worker_name(sender: str, **_: Any) -> None:
    from qareview import jobs

    jobs.worker_name = sender


@worker_ready.connect
def _start_heartbeat(**_: Any) -> None:
    from qareview import jobs

    jobs.start_heartbeat()


@worker_ready.connect
def _start_threads(sender: Any, **_: Any) -> None:
    if MODELS_QUEUE not in sender.app.amqp.queues.consume_from:
        return
    for name in settings.WORKER_THREADS:
        threading.Thread(target=import_string(name), name=name, daemon=True).start()


@worker_shutting_down.connect
def _stop_after_this_batch(**_: Any) -> None:
    from qareview import jobs

    jobs.stopping.set()
