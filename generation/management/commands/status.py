import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from generation.models import Document, Passage
from generation.progress import progress
from qareview import jobs
from qareview.management.base import ProjectCommand
from qareview.models import JobState, Project
from qareview.templatetags.qareview import duration


class Command(ProjectCommand):
    help = "Tell how far a project is."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--json", action="store_true", help="as one JSON object")

    def work(self, project: Project, **options: Any) -> None:
        counts = asdict(progress(project))
        trouble = jobs.trouble()
        if options["json"]:
            self.stdout.write(json.dumps({**counts, "trouble": trouble}))
            return
        stopped = counts.pop("stopped")
        seconds_left = counts.pop("seconds_left")
        for name, count in counts.items():
            self.stdout.write(f"{name.replace('_', ' '):18}{count:>8,}")
        if seconds_left is not None:
            self.stdout.write(f"about {duration(seconds_left)} left")
        if stopped:
            self.stdout.write(stopped)
        failed = {"project": project, "state": JobState.FAILED}
        for document in Document.objects.filter(**failed).defer("text"):
            self.stdout.write(f"{document.name}: {document.error}")
        for passage in Passage.objects.filter(
            document__project=project, state=JobState.FAILED
        ).select_related("document"):
            self.stdout.write(
                f"{passage.document.name}, passage {passage.position}: {passage.error}"
            )
        if trouble:
            self.stdout.write(trouble)
