"""Who may do what. Every view, download and form asks here and nowhere else.

A stranger gets 404, so that not even a project's existence leaks; a member without the role 403.
"""

from typing import cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext

from qareview.models import Membership, Project, Role


class MemberRequest(HttpRequest):
    """A request after :func:`member` has let it into a project."""

    membership: Membership


def member(request: HttpRequest, slug: str, role: Role = Role.REVIEWER) -> Membership:
    """Return the membership of the request's user in a project; the project comes with it.

    Call it once per request: the page's head reads it with :func:`membership_of`. Raises Http404
    for a stranger, PermissionDenied for a member whose role is below ``role``.
    """
    outside_bin = Membership.objects.filter(project__binned_at=None)
    membership = _membership(outside_bin, request, slug, role)
    cast(MemberRequest, request).membership = membership
    return membership


def project(request: HttpRequest, slug: str, role: Role = Role.REVIEWER) -> Project:
    """Return a project in which the request's user may act as ``role``. Raises as member() does."""
    return member(request, slug, role).project


def project_in_bin(request: HttpRequest, slug: str) -> Project:
    """Return a project, in the bin or not, that the request's user may take out of the bin.

    Its admins may. Superusers may too, but only while it is in the bin: other projects they see
    as members only. Raises as :func:`member` does.
    """
    binned = Project.everything.exclude(binned_at=None).filter(slug=slug).first()
    if binned and may_create_projects(request.user):
        return binned
    return _membership(Membership.objects.all(), request, slug, Role.ADMIN).project


def _membership(
    memberships: QuerySet[Membership], request: HttpRequest, slug: str, role: Role
) -> Membership:
    own = memberships.filter(project__slug=slug, user_id=request.user.pk or 0)
    membership = own.select_related("project", "user__keymap").first()
    if membership is None:
        raise Http404(gettext("Project not found."))
    check_role(membership, role)
    return membership


def check_role(membership: Membership, role: Role) -> None:
    """Raise PermissionDenied if the member's role is below ``role``."""
    if membership.role < role:
        raise PermissionDenied(
            gettext("You need the role “%(label)s” or higher.") % {"label": role.label}
        )


def membership_of(request: HttpRequest) -> Membership | None:
    """Return the membership that :func:`member` found; None outside of projects."""
    return getattr(request, "membership", None)


def user(request: HttpRequest) -> User:
    """Return who makes the request. Raises PermissionDenied if nobody is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied(gettext("Sign in first."))
    return request.user


def may_create_projects(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether the user may start new projects, which the installation's superusers may."""
    return bool(getattr(user, "is_superuser", False))
