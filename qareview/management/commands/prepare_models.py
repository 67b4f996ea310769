from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from qareview.backends import ModelUnavailable


class Command(BaseCommand):
    help = "Convert the models that come with QAReview, so that no first draft waits for it."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        from qareview.backends.tokens import tokenizer_for
        from qareview.backends.transformers import converted

        for name, model in settings.MODELS.items():
            if "gguf" not in model:
                continue
            try:
                converted(model["gguf"])
                tokenizer_for(name)
            except ModelUnavailable as reason:
                raise CommandError(str(reason)) from reason
