"""Projects begin, and people come and go."""

from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string
from django.utils.text import slugify

from qareview.models import Membership, Project, Role
from qareview.stored import stored

RESERVED_SLUGS = {"new"}


class LastAdmin(Exception):
    """A project keeps at least one admin."""


@transaction.atomic
def create(name: str, user: Any, slug: str = "") -> Project:
    """Create a project with ``user`` as its first admin; its slug comes from the name."""
    project = Project.objects.create(name=name, slug=slug or _free_slug(name))
    Membership.objects.create(project=project, user=user, role=Role.ADMIN)
    for path in settings.PROJECT_SETUP:
        import_string(path)(project)
    return project


# Whoever derives something from settings keeps all settings as they are until the transaction
# ends, and reads them in a later statement; who changes some waits for those.
_SETTINGS_LOCK = 1
KEEP_SETTINGS = f"SELECT pg_advisory_xact_lock_shared({_SETTINGS_LOCK})"


def wait_to_change() -> None:
    """Wait, in a transaction that will change settings, for those that act on the earlier ones."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_SETTINGS_LOCK})")


def changed(project: Project, before: Project) -> None:
    """Let the apps follow a change of a project's settings, once it is stored and seen by all.

    ``before`` has those it had.
    """
    for path in settings.PROJECT_CHANGED:
        import_string(path)(project, before)


def _free_slug(name: str) -> str:
    start = slugify(name)[:50] or "project"
    taken = set(Project.everything.filter(slug__startswith=start).values_list("slug", flat=True))
    candidates = (start, *(f"{start}-{number}" for number in range(2, len(taken) + 4)))
    return next(slug for slug in candidates if slug not in taken | RESERVED_SLUGS)


@transaction.atomic
def change_role(member: Membership, role: int) -> None:
    """Give a member another role. Raises LastAdmin."""
    _keep_an_admin(member, role)
    member.role = role
    member.save(update_fields=["role"])


@transaction.atomic
def remove(member: Membership) -> None:
    """End a membership; the member's reviews stay. Raises LastAdmin."""
    _keep_an_admin(member, Role.REVIEWER)
    member.delete()


def _keep_an_admin(member: Membership, role: int) -> None:
    admins = member.project.memberships.select_for_update().filter(role=Role.ADMIN)
    if role < Role.ADMIN and {admin.pk for admin in admins} == {member.pk}:
        raise LastAdmin(
            stored("A project keeps at least one admin. Make somebody else admin first.")
        )
