"""What the commands share: a database that is up to date, and a project as an argument."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from qareview.machine import embedded
from qareview.models import Project


class DataCommand(BaseCommand):
    """A command on the data: it works by itself, also as the first one in a fresh folder."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        bring_up_to_date()
        return super().execute(*args, **options)


def bring_up_to_date() -> None:
    """Migrate the private database. Raises CommandError if another one is not up to date."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if not embedded.is_private():
        raise CommandError("The database is not up to date. Run “manage.py migrate” first.")
    call_command("migrate", verbosity=0)


class ProjectCommand(DataCommand):
    """A command whose first argument is a project's slug."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's slug, as in its addresses")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options.pop("project")
        try:
            project = Project.objects.get(slug=slug)
        except Project.DoesNotExist:
            known = ", ".join(Project.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"No project is called “{slug}”. There are: {known}.") from None
        self.work(project, **options)

    def work(self, project: Project, **options: Any) -> None:
        """Do what the command is for. Raises CommandError."""
        raise NotImplementedError
