"""Celery tasks: each calls one function, and may run twice."""

from celery import shared_task

from prompts import candidates, experiments


@shared_task
def run_variants() -> None:
    experiments.work_off_runs()


@shared_task
def advance_experiments() -> None:
    experiments.advance_screenings()


@shared_task
def make_candidates() -> None:
    candidates.work_off_searches()
