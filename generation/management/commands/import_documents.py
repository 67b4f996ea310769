from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from generation.reading import documents
from generation.reading.tables.table_columns import ROLES, objection
from qareview.management.base import ProjectCommand
from qareview.models import JobState, Project


def _columns(argument: str) -> dict[str, str]:
    """Read ``context=text,question=q,answer=a``. Raises ArgumentTypeError."""
    columns = dict(part.partition("=")[::2] for part in argument.split(","))
    unknown = [role for role, column in columns.items() if role not in ROLES or not column]
    if unknown:
        raise ArgumentTypeError(f"“{unknown[0]}” is none of {', '.join(ROLES)}, each with =COLUMN")
    return columns


class Command(ProjectCommand):
    help = "Add files to a project. A worker reads them; “wait” tells when it is through."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--columns",
            type=_columns,
            default={},
            help="of tables, such as context=text,question=q,answer=a or context=text alone; "
            "without them a table waits until they are chosen",
        )

    def work(self, project: Project, **options: Any) -> None:
        refused = 0
        for path in tqdm(options["files"], unit="file", disable=None):
            reason = self._add(project, path, options["columns"])
            if reason:
                refused += 1
                self.stderr.write(f"{path}: {reason}")
            else:
                self.stdout.write(f"{path}: added")
        if refused:
            raise CommandError(f"{refused} of {len(options['files'])} files were not added.")

    def _add(self, project: Project, path: Path, columns: dict[str, str]) -> str:
        """Add a file, or choose the columns of a table that waits for them.

        Returns "" or, if neither was possible, the reason.
        """
        try:
            with path.open("rb") as file:
                document = documents.add_document(
                    project, File(file, path.name), path.name, columns=columns
                )
        except OSError as error:
            return error.strerror or str(error)
        except documents.AlreadyHere as reason:
            return self._choose(reason, columns)
        return document.error if document.state == JobState.FAILED else ""

    def _choose(self, reason: documents.AlreadyHere, columns: dict[str, str]) -> str:
        """Choose the columns of a table that is already in the project and waits for them.

        Returns "" or, if that was not possible, the reason.
        """
        survey = reason.document.survey
        if not columns or not survey:
            return str(reason)
        tables = [survey, *survey.get("others", [])]  # the sheets of a workbook, or one table
        problems = [objection(columns, table["columns"]) for table in tables]
        if all(problems):
            return problems[0]
        return "" if documents.choose_columns(reason.document, columns) else str(reason)
