from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from qareview import trials


class Command(BaseCommand):
    help = "Try a model with one request of each task."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", help="its name, as projects choose it")
        parser.add_argument("--json", action="store_true", help="as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        trial = trials.try_here(options["model"])
        if options["json"]:
            self.stdout.write(trials.as_json(trial))
            return
        if trial.trouble:
            raise CommandError(trial.trouble)
        for reply in trial.replies:
            speed = f"{reply.tokens_out:,} tokens, {reply.tokens_per_second:.1f} a second"
            self.stdout.write(f"{reply.task} ({speed})\n{reply.error or reply.text}\n")
