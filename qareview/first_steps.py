"""What the admin of a new installation does first."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from qareview.models import AddedModel, Membership, Project, Role

SAMPLE = "sample"  # the slug of the project that comes with QAReview


@dataclass(frozen=True)
class Step:
    """A thing to do, why, the address where it is done, and whether it has been done."""

    title: str | Promise
    purpose: str | Promise
    address: str
    is_done: bool


def first_steps(admin: User) -> list[Step]:
    """Return the first steps of an installation's admin; none if all have been done."""
    own = Membership.objects.filter(user=admin, role=Role.ADMIN, project__binned_at=None)
    newest = own.order_by("-project").values_list("project__slug", flat=True).first()
    steps = [
        Step(
            _("Add a model"),
            _("The embedded model is small. One behind an address writes better drafts."),
            reverse("models-new"),
            AddedModel.objects.exists(),
        ),
        Step(
            _("Create a project"),
            _("Then upload its documents; items are drafted from them."),
            reverse("projects-new"),
            Project.everything.exclude(slug=SAMPLE).exists(),
        ),
        Step(
            _("Invite reviewers"),
            _("Each item can be reviewed by several people."),
            reverse("members", args=[newest]) if newest else reverse("projects-new"),
            User.objects.filter(is_active=True).count() > 1,
        ),
    ]
    return [] if all(step.is_done for step in steps) else steps
