from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from qareview import projects
from qareview.management.base import DataCommand
from qareview.models import Project


class Command(DataCommand):
    help = "Create a project and print its slug."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--slug", default="", help="the name in addresses; made from the name")
        parser.add_argument("--admin", default="admin", help="the user who becomes its admin")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["admin"]).first()
        if user is None:
            raise CommandError(
                f"There is no user “{options['admin']}”. “make run” makes the first, “admin”; "
                "“manage.py createsuperuser” makes others."
            )
        if Project.everything.filter(slug=options["slug"]).exists():
            raise CommandError(f"A project is called “{options['slug']}” already.")
        project = projects.create_project(options["name"], user, options["slug"])
        self.stdout.write(project.slug)
