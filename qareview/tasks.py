"""Celery tasks: each calls one function, and may run twice."""

from celery import shared_task

from qareview import fetching, jobs, shares


@shared_task
def sweep() -> None:
    jobs.sweep()


@shared_task
def ask_models_here() -> None:
    shares.work_off_here()


@shared_task
def ask_servers() -> None:
    shares.work_off(shares.Place.SERVERS)


@shared_task
def fetch_models() -> None:
    fetching.start()
