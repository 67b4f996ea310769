"""What is said to the model: prompts, their variants, and which of them is used."""

import copy
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prompts import approved_items
from prompts import bin as bins
from prompts import variants as wordings
from prompts.forms import PromptForm, VariantForm
from prompts.models import CandidateState, Prompt, Variant
from prompts.rendering import variables_of
from qareview import access
from qareview import bin as all_bins
from qareview.htmx import form_status, offer_undo, render_page
from qareview.intervals import wilson
from qareview.models import Role
from qareview.numbers import number_in
from qareview.translations import counted, translated


@require_GET
def prompt_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is said to the model: each prompt with its variant in production."""
    project = access.project(request, slug)
    prompts = Prompt.objects.filter(project=project).select_related("production")
    return render_page(request, "prompts/list.html", {"prompts": prompts})


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a prompt of the team's own."""
    project = access.project(request, slug, Role.ENGINEER)
    form = PromptForm(project, request.POST or None)
    if form.is_valid():
        made = wordings.begin(project, form.cleaned_data["task"], form.values(), request.user)
        return redirect("prompts-show", slug, made.pk)
    return render_page(request, "prompts/new.html", {"form": form}, status=form_status(form))


@require_GET
def prompt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show a prompt's variants and history; ``?first=`` and ``?second=`` are compared, if given."""
    project = access.project(request, slug)
    found = get_object_or_404(Prompt.objects.select_related("production"), project=project, pk=pk)
    variants = list(found.variants.order_by("-number").select_related("created_by", "parent"))
    numbers = [request.GET.get(name, "") for name in ("first", "second")]
    chosen = [one for number in numbers for one in variants if str(one.number) == number]
    context = {
        "prompt": found,
        "variants": variants,
        "promotions": found.promotions.select_related("variant__prompt", "by", "snapshot"),
        "shares": _shares(found, variants),
        "experiments": found.experiments.all(),
        "waiting": found.candidates.filter(state=CandidateState.PENDING).count(),
        "before": wordings.before(found),
        "chosen": chosen,
        "differences": wordings.differences(*chosen) if len(chosen) == 2 else [],
    }
    return render_page(request, "prompts/show.html", context)


def _shares(prompt: Prompt, variants: list[Variant]) -> list[dict[str, Any]]:
    """Return what became of the items of each variant at the desk, the newest first."""
    found = approved_items.items().shares(prompt)
    return [
        {
            "number": one.number,
            "share": found[one.pk],
            "rate": found[one.pk].accepted / found[one.pk].decided,
            "interval": wilson(found[one.pk].accepted, found[one.pk].decided),
        }
        for one in variants
        if one.pk in found
    ]


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change a prompt's wording or model: a POST makes a new variant of the one that is shown.

    That is the one numbered ``?variant=``, else the one in production. With ``promote`` the new
    one goes into production at once.
    """
    project = access.project(request, slug, Role.ENGINEER)
    found = get_object_or_404(
        Prompt.objects.select_related("project", "production"), project=project, pk=pk
    )
    number = number_in(request.GET.get("variant"))
    parent = found.production if number is None else _variant(found, number)
    form = VariantForm(request.POST or None, instance=copy.copy(parent))
    if form.is_valid() and parent:
        made = wordings.add(parent, form.values(), request.user)
        if "promote" in request.POST:
            return _promote(request, slug, made)
        messages.success(
            request,
            _("Variant %(number)s is made; another is in production.") % {"number": made.number},
        )
        return redirect("prompts-show", slug, pk)
    variables = variables_of(found)
    context = {"prompt": found, "parent": parent, "form": form, "variables": variables}
    return render_page(request, "prompts/change.html", context, status=form_status(form))


def _variant(prompt: Prompt, number: int) -> Variant:
    return get_object_or_404(prompt.variants.select_related("prompt__project"), number=number)


def _promote(
    request: HttpRequest, slug: str, variant: Variant, *, is_roll_back: bool = False
) -> HttpResponse:
    values = {"number": variant.number}
    if wordings.put_in_production(variant, request.user, is_roll_back=is_roll_back):
        said = _("Variant %(number)s is in production for what is drafted from now on.") % values
        undo = reverse("prompts-roll-back", args=[slug, variant.prompt_id])
        offer_undo(request, said, undo)
    else:
        messages.info(request, _("Variant %(number)s is in production, or archived.") % values)
    return redirect("prompts-show", slug, variant.prompt_id)


@require_POST
def promote(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    """Put a variant into production."""
    project = access.project(request, slug, Role.ENGINEER)
    found = get_object_or_404(Prompt, project=project, pk=pk)
    return _promote(request, slug, _variant(found, number))


@require_POST
def roll_back(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Put the variant back into production that was there before the present one."""
    project = access.project(request, slug, Role.ENGINEER)
    found = get_object_or_404(Prompt, project=project, pk=pk)
    variant = wordings.before(found)
    if variant is None:
        messages.info(request, _("No other variant has been in production."))
        return redirect("prompts-show", slug, pk)
    return _promote(request, slug, variant, is_roll_back=True)


@require_POST
def archive(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    """Put a variant out of the way; with ``back``, take it back."""
    project = access.project(request, slug, Role.ENGINEER)
    found = get_object_or_404(Prompt, project=project, pk=pk)
    if not wordings.archive(_variant(found, number), "back" not in request.POST):
        messages.error(request, _("What is in production stays. Put another there first."))
    return redirect("prompts-show", slug, pk)


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
        all_bins.expire_rows(Prompt.everything.filter(pk=prompt.pk))
        messages.success(
            request, _("The prompt “%(task)s” is removed for good.") % {"task": prompt.task}
        )
        return redirect("bin", slug)
    losses = [
        counted(prompt.variants.count(), "variant"),
        counted(prompt.experiments.count(), "experiment"),
    ]
    context = {"name": prompt.task, "losses": losses, "place": reverse("bin", args=[slug])}
    return render_page(request, "bin/remove.html", context)
