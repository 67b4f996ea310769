"""Who may do what. Every view, download and form asks here and nowhere else.

A stranger gets 404, so that not even a project's existence leaks; a member without the role 403.
"""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext

from qareview.models import Membership, Project, Role

Who = AbstractBaseUser | AnonymousUser


def membership(user: Who, slug: str, role: Role = Role.REVIEWER) -> Membership:
    """Return the user's membership of a project, with the project.

    Raises Http404 for a stranger, PermissionDenied for a member whose role is below ``role``.
    """
    return _checked(Membership.objects.filter(project__binned_at=None), user, slug, role)


def _checked(memberships: QuerySet[Membership], user: Who, slug: str, role: Role) -> Membership:
    own = memberships.filter(project__slug=slug, user_id=user.pk or 0)
    found = own.select_related("project", "user__keymap").first()
    if found is None:
        raise Http404(gettext("No such project."))
    if found.role < role:
        raise PermissionDenied(
            gettext("This is for the role “%(label)s” and above.") % {"label": role.label}
        )
    return found


def project(request: HttpRequest, slug: str, role: Role = Role.REVIEWER) -> Project:
    """Return a project the request's user may act in as ``role``, and note it for the page's head.

    Raises as :func:`membership` does.
    """
    found = membership(request.user, slug, role)
    request.membership = found  # type: ignore[attr-defined]  # read by htmx.house
    return found.project


def project_in_bin(request: HttpRequest, slug: str) -> Project:
    """Return a project, perhaps in the bin, that the request's user may take out of it.

    Those are its admins and the installation's own, who see no other project that is not theirs.
    Raises as :func:`membership` does.
    """
    binned = Project.everything.exclude(binned_at=None).filter(slug=slug).first()
    if binned and may_create_projects(request.user):
        return binned
    return _checked(Membership.objects.all(), request.user, slug, Role.ADMIN).project


def user(request: HttpRequest) -> User:
    """Return who makes the request. Raises PermissionDenied if nobody is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied(gettext("Sign in first."))
    return request.user


def may_create_projects(user: Who) -> bool:
    """Whether the user may start new projects: the installation's own admins."""
    return bool(getattr(user, "is_superuser", False))
