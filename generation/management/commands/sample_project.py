from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.files import File
from django.core.management.base import CommandError
from django.db import transaction

from generation.reading import documents
from qareview import projects
from qareview.management.base import DataCommand
from qareview.models import Project

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
GUIDELINES = """\
Accept a pair when **the question can be answered from the passage alone** and the answer is right
and complete.

- Correct small slips yourself with `E`: a wrong word is no reason to reject a good pair.
- Reject what nobody would ask.
- Skip what you cannot decide; it comes back at the end.
"""


class Command(DataCommand):
    help = "Create the project “sample” from three documents that ship with QAReview."

    def handle(self, *args: Any, **options: Any) -> None:
        if Project.everything.filter(slug="sample").exists():
            return
        user = User.objects.filter(is_superuser=True).order_by("pk").first()
        if user is None:
            raise CommandError("There is no admin yet; create one with “createsuperuser”.")
        with transaction.atomic():
            project = projects.create_project("Sample", user, "sample")
            project.guidelines = GUIDELINES
            project.save(update_fields=["guidelines"])
            for path in sorted(SAMPLES.iterdir()):
                with path.open("rb") as file:
                    documents.add_document(project, File(file, path.name), path.name, user)
