"""What commands on a project share: its name as an argument."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from qareview.models import Project


class ProjectCommand(BaseCommand):
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
