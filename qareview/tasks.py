from celery import shared_task

from qareview import jobs


@shared_task
def sweep() -> None:
    jobs.sweep()
