"""Base classes of commands that need an up-to-date database or a project."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from qareview.machine import embedded
from qareview.models import Project


class DataCommand(BaseCommand):
    """A command that needs the database. A private database is migrated first."""

    # They take as long as everything else in a command. “up” checks, and so does a deployment.
    requires_system_checks = ()

    def execute(self, *args: Any, **options: Any) -> str | None:
        bring_up_to_date()
        return super().execute(*args, **options)


def is_up_to_date() -> bool:
    """Return whether every migration has been applied."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def bring_up_to_date() -> None:
    """Migrate a private database. Raises CommandError if another database is not up to date."""
    if is_up_to_date():
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
        """Run the command on a project. Raises CommandError."""
        raise NotImplementedError
