"""Accounts. People can sign up only with an invitation."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext

from qareview import projects, sign_ins
from qareview.models import Invitation, Membership
from qareview.translations import counted

SESSION_KEY = "invitation"


class InvitationGone(Exception):
    """The invitation was used, withdrawn or has expired, or its maker is no admin any more."""


def open_invitation(token: str) -> Invitation | None:
    """Return the invitation with a token; None if nobody can become a member with it any more."""
    return Invitation.objects.open().filter(token=token).first()


def accept_invitation(token: str, user: Any) -> Invitation:
    """Make ``user`` a member, or raise a member's role; return the invitation.

    Raises InvitationGone.
    """
    with transaction.atomic():
        invitation = _claim(token)
        _accept(invitation, user)
    projects.members_changed(invitation.project)
    return invitation


def _claim(token: str) -> Invitation:
    """Return an open invitation that nobody else can use until the transaction ends.

    The lock also keeps its maker an admin. Raises InvitationGone.
    """
    if found := open_invitation(token):
        projects.lock_settings(found.project)
        found = open_invitation(token)  # somebody may have used it until the lock was free
    if found is None:
        raise InvitationGone
    return found


def _accept(invitation: Invitation, user: Any) -> None:
    invitation.accepted_at, invitation.accepted_by = timezone.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    member, is_new = Membership.objects.get_or_create(
        project=invitation.project, user=user, defaults={"role": invitation.role}
    )
    if not is_new and member.role < invitation.role:
        member.role = invitation.role
        member.save(update_fields=["role"])


class InvitedOnlyAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Lets a visitor sign up only with an open invitation in the session.

    Who enters wrong passwords is slowed down: see :mod:`qareview.sign_ins`.
    """

    def get_client_ip(self, request: HttpRequest) -> str:
        return sign_ins.client_address(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            sign_ins.begin(credentials.get("username", ""), self.get_client_ip(request))
        except sign_ins.TooSoon as reason:
            text = gettext("Too many wrong passwords. Wait %(seconds)s, then try again.")
            values = {"seconds": counted(reason.seconds, "second")}
            raise ValidationError(text % values) from None

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        user = super().authenticate(request, **credentials)
        if user:
            sign_ins.succeed(credentials.get("username", ""), self.get_client_ip(request))
        return user

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return open_invitation(request.session.get(SESSION_KEY, "")) is not None

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        token = request.session.pop(SESSION_KEY, "")
        try:
            with transaction.atomic():
                invitation = _claim(token)
                user = super().save_user(request, user, form, commit)
                _accept(invitation, user)
        except InvitationGone:
            page = render(request, "account/signup_closed.html")
            raise ImmediateHttpResponse(page) from None
        projects.members_changed(invitation.project)
        return user
