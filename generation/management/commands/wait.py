import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from generation.progress.counts import ProjectProgress, project_progress
from qareview import jobs
from qareview.management.base import ProjectCommand
from qareview.models import Project
from qareview.translations import counted

POLL_SECONDS = 0.5  # chosen; nobody measured


class Command(ProjectCommand):
    help = "Wait until everything uploaded has been read and drafted."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--timeout", type=float, help="seconds after which to give up")

    def work(self, project: Project, **options: Any) -> None:
        counts = self._wait(project, options["timeout"])
        self.stdout.write(
            f"{counted(counts.documents, 'document')}, {counted(counts.passages, 'passage')}, "
            f"{counted(counts.items, 'item')}"
        )
        if counts.failed:
            raise CommandError(f"{counts.failed} failed; “status {project.slug}” says why.")
        if counts.documents_held:
            raise CommandError(
                f"Tables that wait for their columns to be chosen: {counts.documents_held}. Choose "
                "them on the page of each, or with “import_documents” and --columns."
            )

    def _wait(self, project: Project, timeout: float | None) -> ProjectProgress:
        """Return the counts once nothing is queued or running.

        Raises CommandError if drafting has stopped, no worker works or the time is up.
        """
        started = sound_at = time.monotonic()
        last_line = ""
        with tqdm(unit="passage", disable=None) as bar:
            while (counts := project_progress(project)).is_moving:
                bar.total, bar.n = counts.passages, counts.passages_ended
                bar.refresh()
                line = f"{counts.passages_ended} of {counts.passages} passages drafted"
                if bar.disable and line != last_line:  # no terminal, so the bar is not shown
                    last_line = line
                    self.stdout.write(line)
                    self.stdout.flush()
                if counts.stopped:
                    raise CommandError(counts.stopped)
                now, trouble = time.monotonic(), jobs.worker_trouble(project.pk)
                sound_at = sound_at if trouble else now
                if now - sound_at > settings.WORKER_SILENT_SECONDS:
                    raise CommandError(trouble)
                if timeout is not None and now - started > timeout:
                    raise CommandError(f"Not through after {timeout:.0f} seconds.")
                time.sleep(POLL_SECONDS)
        return counts
