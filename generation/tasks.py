"""The Celery tasks. Each only calls a function, which may safely run twice."""

from celery import shared_task

from generation import bin as bins
from generation.checks import acceptance_training
from generation.items import bulk_actions, writing
from generation.reading import pipeline
from generation.releases import freezing


@shared_task
def read_documents() -> None:
    pipeline.start()


@shared_task
def order_learning() -> None:
    acceptance_training.order_learning()


@shared_task
def learn_acceptance() -> None:
    acceptance_training.work_off_acceptance()


@shared_task
def empty_bins() -> None:
    bins.empty_bin()


@shared_task
def freeze_releases() -> None:
    freezing.work_off_releases()


@shared_task
def carry_out_bulk_actions() -> None:
    bulk_actions.work_off_bulk_actions()


@shared_task
def check_written_items() -> None:
    writing.work_off_written_items()
