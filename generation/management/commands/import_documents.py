from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from generation import documents
from qareview.management.base import ProjectCommand
from qareview.models import JobState, Project


class Command(ProjectCommand):
    help = "Add files to a project. A worker reads them; “wait” tells when it is through."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def work(self, project: Project, **options: Any) -> None:
        refused = 0
        for path in tqdm(options["files"], unit="file", disable=None):
            reason = self._add(project, path)
            if reason:
                refused += 1
                self.stderr.write(f"{path}: {reason}")
            else:
                self.stdout.write(f"{path}: added")
        if refused:
            raise CommandError(f"{refused} of {len(options['files'])} files were not added.")

    def _add(self, project: Project, path: Path) -> str:
        """Add one file; return why it was not."""
        try:
            with path.open("rb") as file:
                document = documents.add(project, File(file, path.name), path.name)
        except OSError as error:
            return error.strerror or str(error)
        except documents.AlreadyHere as reason:
            return str(reason)
        return document.error if document.state == JobState.FAILED else ""
