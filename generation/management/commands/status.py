import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from generation.models import Document, Passage
from generation.progress.counts import project_progress
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
        figures = asdict(project_progress(project))
        trouble = jobs.worker_trouble(project.pk)
        if options["json"]:
            self.stdout.write(json.dumps({**figures, "trouble": trouble}))
            return
        stopped = figures.pop("stopped")
        seconds_left, is_loading = figures.pop("seconds_left"), figures.pop("loading")
        for name, count in figures.items():
            self.stdout.write(f"{name.replace('_', ' '):18}{count:>8,}")
        if seconds_left is not None:
            self.stdout.write(f"about {duration(seconds_left)} left")
        if is_loading:
            self.stdout.write("The model is being loaded.")
        if stopped:
            self.stdout.write(stopped)
        for line in _waiting_for_people(project):
            self.stdout.write(line)
        if trouble:
            self.stdout.write(trouble)


def _waiting_for_people(project: Project) -> Iterator[str]:
    """Yield a line for each document or passage that failed, and each table without columns."""
    of_project = Document.objects.filter(project=project).defer("text")
    for document in of_project.filter(state=JobState.FAILED):
        yield f"{document.name}: {document.error}"
    for document in of_project.filter(state=JobState.HELD):
        yield f"{document.name}: waits. Choose which of its columns to take."
    failed = Passage.objects.in_project(project).filter(state=JobState.FAILED)
    for passage in failed.select_related("document"):
        yield f"{passage.document.name}, passage {passage.position}: {passage.error}"
