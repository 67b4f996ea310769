from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prompts import bin as bins
from prompts import variants
from prompts.forms import VariantForm
from prompts.models import Prompt
from prompts.rendering import VARIABLES
from qareview import access
from qareview import bin as all_bins
from qareview.htmx import offer_undo, render_page
from qareview.models import Role
from qareview.wording import counted, translated


@require_GET
def prompt_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is said to the model: each prompt with its variant in production."""
    project = access.project(request, slug)
    prompts = Prompt.objects.filter(project=project).select_related("production")
    return render_page(request, "prompts/list.html", {"prompts": prompts})


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change a prompt's wording or model: a POST makes a new variant and puts it in production."""
    project = access.project(request, slug, Role.ENGINEER)
    prompt = get_object_or_404(Prompt, project=project, pk=pk)
    form = VariantForm(request.POST or None, instance=prompt.production)
    if form.is_valid():
        variant = variants.put_in_production(prompt, form.values(), str(request.user))
        messages.success(
            request,
            _("Variant %(number)s is in production for what is drafted from now on.")
            % {"number": variant.number},
        )
        return redirect("prompts", slug)
    context = {"prompt": prompt, "form": form, "variables": VARIABLES[prompt.task]}
    status = 422 if form.is_bound else 200
    return render_page(request, "prompts/change.html", context, status=status)


@require_POST
def put_into_bin(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Move a prompt of the team's own to the bin."""
    project = access.project(request, slug, Role.ENGINEER)
    prompt = get_object_or_404(Prompt, project=project, pk=pk)
    try:
        bins.put(prompt, request.user)
        undo = reverse("prompts-restore", args=[slug, pk])
        offer_undo(request, _("The prompt “%(task)s” is in the bin.") % {"task": prompt.task}, undo)
    except bins.CannotMove as reason:
        messages.error(request, translated(str(reason)))
    return redirect("prompts", slug)


@require_POST
def restore(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a prompt out of the bin."""
    project = access.project(request, slug, Role.ENGINEER)
    prompt = get_object_or_404(Prompt.everything, project=project, pk=pk)
    try:
        if bins.restore(prompt):
            messages.success(request, _("The prompt “%(task)s” is back.") % {"task": prompt.task})
        else:
            messages.info(
                request, _("The prompt “%(task)s” is not in the bin.") % {"task": prompt.task}
            )
    except bins.CannotMove as reason:
        messages.error(request, translated(str(reason)))
    return redirect("prompts", slug)


@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Tell what is lost when a prompt in the bin is removed for good; a POST orders that."""
    project = access.project(request, slug, Role.ADMIN)
    prompt = get_object_or_404(Prompt.everything, project=project, pk=pk)
    if not prompt.is_in_bin:
        messages.info(
            request, _("The prompt “%(task)s” is not in the bin.") % {"task": prompt.task}
        )
        return redirect("bin", slug)
    if request.method == "POST":
        all_bins.give_up(Prompt.everything.filter(pk=prompt.pk))
        messages.success(
            request, _("The prompt “%(task)s” is removed for good.") % {"task": prompt.task}
        )
        return redirect("bin", slug)
    losses = [counted(prompt.variants.count(), "variant")]
    context = {"name": prompt.task, "losses": losses, "place": reverse("bin", args=[slug])}
    return render_page(request, "bin/remove.html", context)
