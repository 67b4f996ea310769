from django.apps import AppConfig


class QAReviewConfig(AppConfig):
    name = "qareview"

    def ready(self) -> None:
        from qareview import celery  # noqa: F401  shared_task binds to this app
