"""Access checks: the only ones, which every view, download and form uses.

Users who are not members get 404, so that even the existence of a project stays secret. Members
without the needed role get 403.
"""

from typing import cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext

from qareview import zones
from qareview.models import Membership, Project, Role


class MemberRequest(HttpRequest):
    """A request that :func:`member` has let into a project."""

    membership: Membership


def member(request: HttpRequest, slug: str, role: Role = Role.REVIEWER) -> Membership:
    """Return the membership of the request's user in a project, with the project loaded.

    Call it once per request; the page's head gets the result from :func:`membership_of`. From then
    on, times are shown in the user's own zone. Raises
    Http404 if the user is not a member, PermissionDenied if their role is below ``role``.
    """
    outside_bin = Membership.objects.filter(project__binned_at=None)
    membership = _membership(outside_bin, request, slug, role)
    cast(MemberRequest, request).membership = membership
    return membership


def project(request: HttpRequest, slug: str, role: Role = Role.REVIEWER) -> Project:
    """Return a project in which the request's user has ``role`` or a higher one.

    Raises as :func:`member`.
    """
    return member(request, slug, role).project


def project_in_bin(request: HttpRequest, slug: str) -> Project:
    """Return a project, in the bin or not, that the request's user may restore.

    Its admins may. Superusers may too, but only while it is in the bin: outside the bin, they see
    only projects that they are members of. Raises as :func:`member`.
    """
    binned = Project.everything.exclude(binned_at=None).filter(slug=slug).first()
    if binned and may_create_projects(request.user):
        return binned
    return _membership(Membership.objects.all(), request, slug, Role.ADMIN).project


def _membership(
    memberships: QuerySet[Membership], request: HttpRequest, slug: str, role: Role
) -> Membership:
    own = memberships.filter(project__slug=slug, user_id=request.user.pk or 0)
    with_own = own.select_related("project", "user__keymap", "user__own_zone")
    membership = with_own.first()
    if membership is None:
        raise Http404(gettext("Project not found."))
    zones.use_own(membership.user)
    check_role(membership, role)
    return membership


def check_role(membership: Membership, role: Role) -> None:
    """Raise PermissionDenied if the member's role is below ``role``."""
    if membership.role < role:
        raise PermissionDenied(
            gettext("You need the role “%(label)s” or higher.") % {"label": role.label}
        )


def has_role(user: AbstractBaseUser | AnonymousUser, slug: str, role: Role) -> bool:
    """Return whether the user is a member of a project, outside the bin, with at least a role."""
    own = Membership.objects.filter(user_id=user.pk or 0, role__gte=role)
    return own.filter(project__slug=slug, project__binned_at=None).exists()


def membership_of(request: HttpRequest) -> Membership | None:
    """Return the membership that :func:`member` stored; None if the page is in no project."""
    return getattr(request, "membership", None)


def memberships_of(user: AbstractBaseUser | AnonymousUser) -> list[Membership]:
    """Return a user's memberships in projects that are not in the bin, with projects loaded."""
    own = Membership.objects.filter(user_id=user.pk or 0, project__binned_at=None)
    return list(own.select_related("project", "user").order_by("project__name"))


def user(request: HttpRequest) -> User:
    """Return the user of the request. Raises PermissionDenied if nobody is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied(gettext("Sign in first."))
    return request.user


def may_create_projects(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether the user may create projects, as the installation's superusers may."""
    return bool(getattr(user, "is_superuser", False))


def may_manage_models(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether the user may add models for all projects, as superusers may."""
    return bool(getattr(user, "is_superuser", False))
