"""Who is in a project: its members, their own keys, and the links that invite people."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Role(models.IntegerChoices):
    """What a member may do; a higher role includes the lower ones."""

    REVIEWER = 1, _("reviewer")
    ENGINEER = 2, _("engineer")
    ADMIN = 3, _("admin")


class Membership(models.Model):
    """A user who belongs to a project, and their role in it."""

    project = models.ForeignKey("qareview.Project", models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.REVIEWER)

    class Meta:
        ordering = ("user__username",)
        constraints = (
            models.UniqueConstraint(fields=("project", "user"), name="membership_once_per_user"),
        )

    @property
    def is_engineer(self) -> bool:
        return self.role >= Role.ENGINEER

    @property
    def is_admin(self) -> bool:
        return self.role >= Role.ADMIN

    @property
    def keymap(self) -> "KeyMap | None":
        """The keys that the member chose; None if they chose none."""
        return getattr(self.user, "keymap", None)


class KeyMap(models.Model):
    """A user's own keys, by the names of actions: see :mod:`qareview.shortcuts`."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="keymap")
    keys: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(default=dict)
    is_fast = models.BooleanField(default=False)  # decides also on an item that has just appeared


class OwnZone(models.Model):
    """The time zone that a user chose: see :mod:`qareview.zones`."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="own_zone")
    name = models.CharField(max_length=64)  # such as Europe/Berlin


def invitation_token() -> str:
    """Return a random token of 32 characters."""
    return secrets.token_urlsafe(24)


INVITATION_DAYS = 7  # that a link works, unless who makes it says otherwise; issue 16 names it


def invitation_end() -> datetime:
    """Return when an invitation that is made now expires, unless its maker chose a time."""
    return timezone.now() + timedelta(days=INVITATION_DAYS)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def for_list(self) -> "InvitationQuerySet":
        """Load what the list shows, and whether the maker of each is still an admin."""
        annotated = self.annotate(maker_is_admin=_maker_is_admin())
        return annotated.select_related("created_by", "accepted_by")

    def open(self) -> "InvitationQuerySet":
        """Filter to those with which somebody may still become a member."""
        waiting = self.filter(_maker_is_admin(), accepted_at=None, withdrawn_at=None)
        valid = waiting.filter(expires_at__gt=timezone.now(), project__binned_at=None)
        return valid.select_related("project", "created_by")


def _maker_is_admin() -> models.Exists:
    """Return the condition that the maker of an invitation is still an admin of its project."""
    admins = Membership.objects.filter(
        project=models.OuterRef("project"),
        user=models.OuterRef("created_by"),
        user__is_active=True,
        role=Role.ADMIN,
    )
    return models.Exists(admins)


class Invitation(models.Model):
    """A link through which a person, with or without an account, becomes a member.

    It works once, until it expires or is withdrawn, and only while its maker is an admin.
    """

    project = models.ForeignKey("qareview.Project", models.CASCADE, related_name="invitations")
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.REVIEWER)
    token = models.CharField(max_length=64, unique=True, default=invitation_token)
    note = models.CharField(max_length=100, blank=True, help_text=_("The person the link is for."))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="invitations_made"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(default=invitation_end)
    withdrawn_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="invitations_taken"
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()
