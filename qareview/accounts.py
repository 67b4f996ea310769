"""Accounts. People can sign up only with an invitation."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from qareview import projects
from qareview.models import Invitation, Membership

SESSION_KEY = "invitation"


def open_invitation(token: str) -> Invitation | None:
    """Return the invitation with a token.

    Returns None if there is none, it was accepted, or its project is in the bin.
    """
    invitations = Invitation.objects.select_related("project").filter(accepted_at=None)
    return invitations.filter(token=token, project__binned_at=None).first()


def accept_invitation(invitation: Invitation, user: Any) -> None:
    """Make ``user`` a member, or raise a member's role, unless it was accepted before."""
    with transaction.atomic():
        _accept(invitation, user)
    projects.members_changed(invitation.project)


def _accept(invitation: Invitation, user: Any) -> None:
    projects.lock_settings(invitation.project)
    accepted = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(
        accepted_at=timezone.now(), accepted_by=user
    )
    if not accepted:
        return
    member, is_new = Membership.objects.get_or_create(
        project=invitation.project, user=user, defaults={"role": invitation.role}
    )
    if not is_new and member.role < invitation.role:
        member.role = invitation.role
        member.save(update_fields=["role"])


class InvitedOnlyAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Lets a visitor sign up only with an open invitation in the session."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return open_invitation(request.session.get(SESSION_KEY, "")) is not None

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        with transaction.atomic():
            user = super().save_user(request, user, form, commit)
            invitation = open_invitation(request.session.pop(SESSION_KEY, ""))
            if invitation:
                _accept(invitation, user)
        if invitation:
            projects.members_changed(invitation.project)
        return user
