"""Celery tasks: each calls one function, and may run twice."""

from celery import shared_task

from qareview import jobs, turns


@shared_task
def sweep() -> None:
    jobs.sweep()


@shared_task
def ask_models_here() -> None:
    turns.work_off_here()


@shared_task
def ask_servers() -> None:
    turns.work_off(turns.Place.SERVERS)
