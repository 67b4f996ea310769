"""Pages of projects, their settings, members and invitations, and of the user's shortcuts."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qareview import access, accounts, completions, projects, zones
from qareview.first_steps import first_steps
from qareview.forms import (
    InvitationForm,
    KeysForm,
    ProjectForm,
    RoleForm,
    SameNameForm,
    SettingsForm,
)
from qareview.htmx import form_status, render_page
from qareview.models import KeyMap, Project, Role
from qareview.stored_sentences import translated


@require_GET
def project_list(request: HttpRequest) -> HttpResponse:
    """Show the user's projects. If the user has no choice, redirect to the only project."""
    members = access.memberships_of(request.user)
    may_create = access.may_create_projects(request.user)
    binned = list(Project.everything.restorable_by(request.user))
    if len(members) == 1 and not may_create and not binned:
        return redirect("documents", members[0].project.slug)
    zones.use_own(request.user)
    context = {
        "cards": import_string(settings.HOME_CARDS)(members),
        "steps": first_steps(access.user(request)) if may_create else [],
        "binned": binned,
        "may_create": may_create,
    }
    return render_page(request, "projects/list.html", context)


@require_http_methods(["GET", "POST"])
def new_project(request: HttpRequest) -> HttpResponse:
    """Create a project."""
    if not access.may_create_projects(request.user):
        raise PermissionDenied(_("Only the installation’s admins can create projects."))
    form = ProjectForm(request.POST or None, initial={"model": request.GET.get("model", "")})
    if not form.is_valid():
        context = {"form": form}
        return render_page(request, "projects/new.html", context, status=form_status(form))
    sent = form.cleaned_data
    project = projects.create_project_once(
        sent["key"], sent["name"], access.user(request), sent["model"]
    )
    return redirect("documents", project.slug)


@require_http_methods(["GET", "POST"])
def project_settings(request: HttpRequest, slug: str, section: str = "general") -> HttpResponse:
    """Show and save a section of a project's settings."""
    project = access.project(request, slug, Role.ADMIN)
    form = SettingsForm(section, request.POST or None, instance=project)
    if not form.is_valid():
        context: dict[str, Any] = {"form": form, "section": section}
        if section == "general":
            context["same_name"] = SameNameForm(project)
        if section == "drafting":
            context["spent"] = completions.spending(project)
        return render_page(request, "projects/settings.html", context, status=form_status(form))
    with transaction.atomic():
        projects.lock_settings(project)
        before = Project.objects.get(pk=project.pk)  # somebody else may have changed it
        project.save(update_fields=form.changed_data)
    projects.settings_changed(Project.objects.get(pk=project.pk), before)
    messages.success(request, _("Saved."))
    return redirect(request.path)


@require_http_methods(["GET", "POST"])
def own_shortcuts(request: HttpRequest) -> HttpResponse:
    """Show and save the user's own keys; a POST with ``usual`` restores the default keys."""
    keymap = KeyMap.objects.filter(user=access.user(request)).first()
    form = KeysForm(keymap, request.POST or None)
    if "usual" in request.POST:
        KeyMap.objects.filter(user=access.user(request)).delete()
    elif form.is_valid():
        KeyMap.objects.update_or_create(user=access.user(request), defaults=form.values())
    else:
        context = {"form": form}
        return render_page(request, "account/shortcuts.html", context, status=form_status(form))
    messages.success(request, _("Your shortcuts are saved."))
    return redirect("shortcuts")


@require_http_methods(["GET", "POST"])
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """List the members of a project; a POST creates invitations."""
    project = access.project(request, slug, Role.ADMIN)
    form = InvitationForm(request.POST or None)
    if form.is_valid():
        number = form.create(project, access.user(request))
        created = ngettext(
            "Invitation link created. Send it to the person you are inviting.",
            "%(number)s invitation links created. Send each person theirs.",
            number,
        )
        messages.success(request, created % {"number": number})
        return redirect("members", slug)
    context = {
        "members": project.memberships.select_related("user"),
        "invitations": project.invitations.for_list(),
        "form": form,
        "roles": Role.choices,
        "is_short_of_reviewers": projects.is_short_of_reviewers(project),
    }
    return render_page(request, "members/list.html", context, status=form_status(form))


@require_POST
def change_member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change the role of a member; with ``remove``, remove the member."""
    project = access.project(request, slug, Role.ADMIN)
    member = get_object_or_404(project.memberships, pk=pk)
    form = RoleForm(request.POST)
    try:
        if "remove" in request.POST:
            projects.remove_member(member)
            messages.success(request, _("%(user)s is no longer a member.") % {"user": member.user})
        elif form.is_valid():
            projects.change_role(member, form.cleaned_data["role"])
            values = {"user": member.user, "role": member.get_role_display()}
            messages.success(request, _("%(user)s now has the role: %(role)s.") % values)
        else:
            messages.error(request, _("Choose a valid role."))
    except projects.LastAdmin as reason:
        messages.error(request, translated(str(reason)))
    return redirect("members", slug) if request.user != member.user else redirect("projects")


@require_POST
def withdraw_invitation(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Withdraw an invitation that was not accepted."""
    project = access.project(request, slug, Role.ADMIN)
    get_object_or_404(project.invitations, pk=pk)
    if projects.withdraw_invitation(project, pk):
        messages.success(request, _("Invitation withdrawn. Its link no longer works."))
    else:
        messages.info(request, _("This invitation has already been used or was withdrawn."))
    return redirect("members", slug)


@login_not_required
@require_http_methods(["GET", "POST"])
def show_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation; a POST by a user who is signed in accepts it."""
    invitation = accounts.open_invitation(token)
    if invitation is None:
        raise Http404(_gone())
    if request.method == "POST" and isinstance(request.user, User):
        try:
            accounts.accept_invitation(token, request.user)
        except accounts.InvitationGone:
            raise Http404(_gone()) from None
        return redirect("documents", invitation.project.slug)
    request.session[accounts.SESSION_KEY] = token
    return render_page(request, "invitations/show.html", {"invitation": invitation})


def _gone() -> str:
    return _("This invitation has been used or withdrawn, or has expired. Ask for a new link.")
