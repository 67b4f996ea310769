"""Doors for Celery: each leads to one function, and may be opened twice."""

from celery import shared_task

from prompts import candidates, experiments


@shared_task
def run_variants() -> None:
    experiments.work_off_runs()


@shared_task
def advance_experiments() -> None:
    experiments.advance()


@shared_task
def make_candidates() -> None:
    candidates.work_off_searches()
