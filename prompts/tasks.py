"""Celery tasks: each calls one function, and may run twice."""

from celery import shared_task

from prompts import experiments


@shared_task
def advance_experiments() -> None:
    experiments.advance_screenings()
