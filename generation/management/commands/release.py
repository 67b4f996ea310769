import time
from typing import Any

from django.core.management.base import CommandError, CommandParser

from generation.releases import freezing
from qareview.management.base import ProjectCommand
from qareview.models import JobState, Project

POLL_SECONDS = 0.2  # chosen; nobody measured


class Command(ProjectCommand):
    help = "Freeze what is accepted into a release and print its number."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--note", default="", help="goes on the card of the download")

    def work(self, project: Project, **options: Any) -> None:
        try:
            release = freezing.order_release(project, note=options["note"])
        except freezing.NothingAccepted as reason:
            raise CommandError(str(reason)) from reason
        freezing.work_off_releases()  # so that this command needs no worker
        release.refresh_from_db()
        while release.state in (JobState.QUEUED, JobState.RUNNING):  # a worker has claimed it
            time.sleep(POLL_SECONDS)
            release.refresh_from_db()
        if release.state == JobState.FAILED:
            raise CommandError(release.error)
        self.stdout.write(str(release.number))
