"""Doors for Celery: each leads to one function, and may be opened twice."""

from celery import shared_task

from generation import acceptance, acts, pipeline, releases
from generation import bin as bins


@shared_task
def read_documents() -> None:
    pipeline.work_off_documents()


@shared_task
def draft_passages() -> None:
    pipeline.work_off_passages()


@shared_task
def order_learning() -> None:
    acceptance.order_learning()


@shared_task
def learn_acceptance() -> None:
    pipeline.work_off_acceptance()


@shared_task
def empty_bins() -> None:
    bins.empty()


@shared_task
def freeze_releases() -> None:
    releases.work_off_releases()


@shared_task
def carry_out_acts() -> None:
    acts.work_off_acts()
