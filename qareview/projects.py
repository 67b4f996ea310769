"""Create projects, lock their settings, and change their members."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.text import slugify

from qareview.models import Membership, Project, Role
from qareview.stored_sentences import stored

FORM_SECONDS = 3600  # that a form which was sent is remembered; chosen; nobody measured
_CREATION_LOCK = 2  # the first number of the advisory lock of who creates a project
RESERVED_SLUGS = {"new"}  # used in addresses: projects/new/


class LastAdmin(Exception):
    """The project would have no admin; the message says what to do."""


@transaction.atomic
def create_project(name: str, user: Any, slug: str = "", model: str = "") -> Project:
    """Create a project with ``user`` as its first admin; the default slug is made of its name.

    Its prompts suit ``model``, or the default model.
    """
    _lock_creation()  # or two projects of one name would choose the same slug
    project = Project.objects.create(name=name, slug=slug or _free_slug(name), model=model)
    Membership.objects.create(project=project, user=user, role=Role.ADMIN)
    for path in settings.PROJECT_SETUP:
        import_string(path)(project)
    return project


@transaction.atomic
def create_project_once(key: UUID | None, name: str, user: Any, model: str = "") -> Project:
    """Do the same as :func:`create_project`, but once for each key, which is made with a form.

    If a form is sent twice, as by a double click, the project made first is returned. A form that a
    browser has shown again, with another name in it, makes another project.
    """
    _lock_creation()
    form = f"new-project-{user.pk}-{key}"
    same = Project.objects.of(user).filter(slug=cache.get(form), name=name, model=model)
    if key and (made := same.first()):
        return made
    project = create_project(name, user, model=model)
    cache.set(form, project.slug, FORM_SECONDS)
    return project


def _lock_creation() -> None:
    """Let others who create a project wait until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_CREATION_LOCK])


# Each project has an advisory lock. A transaction that derives something from a project's settings
# or members takes the lock shared, then reads them in a later statement. A transaction that changes
# settings, adds or removes members takes it exclusively, so it waits for the others.
_SETTINGS_LOCK = 1  # the first number of these locks; the second is the project's id
SHARE_SETTINGS = f"pg_advisory_xact_lock_shared({_SETTINGS_LOCK}, project_id::int)"  # SQL


def lock_settings(project: Project) -> None:
    """Take the exclusive lock on a project's settings and members, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_SETTINGS_LOCK, project.pk])


def share_settings(project: Project) -> None:
    """Take the shared lock on a project's settings and members, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [_SETTINGS_LOCK, project.pk])


def members_changed(project: Project) -> None:
    """Call the functions in settings.MEMBERS_CHANGED; a change of members must be committed."""
    for path in settings.MEMBERS_CHANGED:
        import_string(path)(project)


def settings_changed(project: Project, before: Project) -> None:
    """Call the functions in settings.PROJECT_CHANGED; a change of settings must be committed.

    ``before`` is the project with its former settings.
    """
    for path in settings.PROJECT_CHANGED:
        import_string(path)(project, before)


def _free_slug(name: str) -> str:
    start = slugify(name)[:50] or "project"
    taken = set(Project.everything.filter(slug__startswith=start).values_list("slug", flat=True))
    candidates = (start, *(f"{start}-{number}" for number in range(2, len(taken) + 4)))
    return next(slug for slug in candidates if slug not in taken | RESERVED_SLUGS)


def is_short_of_reviewers(project: Project) -> bool:
    """Return whether some item cannot get all reviews asked for: nobody reviews what they wrote."""
    return 1 < project.reviews_per_item >= project.memberships.count()


@transaction.atomic
def change_role(member: Membership, role: int) -> None:
    """Give a member another role; without that of an admin, their invitations end.

    Raises LastAdmin.
    """
    lock_settings(member.project)
    _keep_an_admin(member, role)
    member.role = role
    member.save(update_fields=["role"])
    if role < Role.ADMIN:
        _end_invitations_of(member)


def remove_member(member: Membership) -> None:
    """End a membership and the member's invitations; their reviews stay. Raises LastAdmin."""
    with transaction.atomic():
        lock_settings(member.project)
        _keep_an_admin(member, Role.REVIEWER)
        _end_invitations_of(member)
        member.delete()
    members_changed(member.project)


def _end_invitations_of(member: Membership) -> None:
    """Withdraw what somebody made as an admin, so that it stays so if they become one again."""
    open_ones = member.project.invitations.filter(accepted_at=None, withdrawn_at=None)
    open_ones.filter(created_by=member.user).update(withdrawn_at=timezone.now())


def _keep_an_admin(member: Membership, role: int) -> None:
    admins = member.project.memberships.select_for_update().filter(role=Role.ADMIN)
    if role < Role.ADMIN and {admin.pk for admin in admins} == {member.pk}:
        raise LastAdmin(
            stored("A project needs at least one admin. Make someone else an admin first.")
        )


@transaction.atomic
def withdraw_invitation(project: Project, pk: int) -> bool:
    """Withdraw an invitation; return False if it was used or withdrawn before."""
    lock_settings(project)
    waiting = project.invitations.filter(pk=pk, accepted_at=None, withdrawn_at=None)
    return bool(waiting.update(withdrawn_at=timezone.now()))
