"""Doors for Celery: each leads to one function, and may be opened twice."""

from celery import shared_task

from generation import pipeline, releases


@shared_task
def read_documents() -> None:
    pipeline.work_off_documents()


@shared_task
def draft_passages() -> None:
    pipeline.work_off_passages()


@shared_task
def freeze_releases() -> None:
    releases.work_off_releases()
