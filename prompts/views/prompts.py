"""The pages of prompts and their variants."""

import copy
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prompts import approved_items, builtin_prompts
from prompts import bin as prompt_bin
from prompts import variants as prompt_variants
from prompts.forms import PromptForm, VariantForm
from prompts.models import CandidateState, Prompt, Variant
from prompts.rendering import variables_of
from prompts.written_items import writes_items
from qareview import access
from qareview import bin as bins
from qareview.confidence_intervals import wilson
from qareview.htmx import form_status, offer_undo, render_page
from qareview.models import Role
from qareview.request_numbers import number_in
from qareview.stored_sentences import translated
from qareview.translations import counted


@require_GET
def prompt_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List a project's prompts, each with its variant in production."""
    project = access.project(request, slug)
    prompts = Prompt.objects.filter(project=project).select_related("production")
    return render_page(request, "prompts/list.html", {"prompts": prompts})


@require_http_methods(["GET", "POST"])
def new_prompt(request: HttpRequest, slug: str) -> HttpResponse:
    """Create a prompt of the team's own."""
    project = access.project(request, slug, Role.ENGINEER)
    form = PromptForm(project, request.POST or None)
    if form.is_valid():
        task = form.cleaned_data["task"]
        try:
            prompt = prompt_variants.begin_prompt(project, task, form.values(), request.user)
        except prompt_variants.NameTaken:  # by somebody else, since the form was checked
            form.add_error("task", form.name_taken())
        else:
            return redirect("prompts-show", slug, prompt.pk)
    return render_page(request, "prompts/new.html", {"form": form}, status=form_status(form))


@require_GET
def show_prompt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show a prompt's variants and history; compare two, ``?first=`` and ``?second=``."""
    project = access.project(request, slug)
    prompt = get_object_or_404(Prompt.objects.select_related("production"), project=project, pk=pk)
    variants = list(prompt.variants.order_by("-number").select_related("created_by", "parent"))
    numbers = [request.GET.get(name, "") for name in ("first", "second")]
    chosen = [
        variant for number in numbers for variant in variants if str(variant.number) == number
    ]
    context = {
        "prompt": prompt,
        "variants": variants,
        "promotions": prompt.promotions.select_related("variant__prompt", "by", "snapshot"),
        "acceptance": _acceptance_rows(prompt, variants),
        "experiments": prompt.experiments.all(),
        "waiting": prompt.candidates.filter(state=CandidateState.PENDING).count(),
        "before": prompt_variants.previous_in_production(prompt),
        "chosen": chosen,
        "writing_items": {variant.pk for variant in variants if writes_items(variant)},
        "differences": prompt_variants.differences(*chosen) if len(chosen) == 2 else [],
    }
    return render_page(request, "prompts/show.html", context)


def _acceptance_rows(prompt: Prompt, variants: list[Variant]) -> list[dict[str, Any]]:
    """Return how many items of each variant were accepted, in the order of ``variants``."""
    shares = approved_items.items().acceptance_shares(prompt)
    return [
        {
            "number": variant.number,
            "share": shares[variant.pk],
            "rate": shares[variant.pk].accepted / shares[variant.pk].decided,
            "interval": wilson(shares[variant.pk].accepted, shares[variant.pk].decided),
        }
        for variant in variants
        if variant.pk in shares
    ]


@require_http_methods(["GET", "POST"])
def change_prompt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show a form with a variant; a POST creates a new variant from it.

    The variant shown has the number ``?variant=``, or is in production; with ``?wording=``, it has
    a built-in wording. With ``promote`` the new variant goes into production at once.
    """
    project = access.project(request, slug, Role.ENGINEER)
    prompt = get_object_or_404(
        Prompt.objects.select_related("project", "production"), project=project, pk=pk
    )
    number = number_in(request.GET.get("variant"))
    parent = prompt.production if number is None else _variant(prompt, number)
    shown = copy.copy(parent)
    for name, value in builtin_prompts.wording(prompt.task, request.GET.get("wording", "")).items():
        setattr(shown, name, value)
    form = VariantForm(request.POST or None, instance=shown)
    if form.is_valid() and parent:
        variant = prompt_variants.add_variant(parent, form.values(), request.user)
        if "promote" in request.POST:
            return _promote(request, slug, variant)
        messages.success(
            request,
            _("Variant %(number)s created. It is not in production yet.")
            % {"number": variant.number},
        )
        return redirect("prompts-show", slug, pk)
    context = {
        "prompt": prompt,
        "parent": parent,
        "form": form,
        "variables": variables_of(prompt),
        "wordings": builtin_prompts.wordings_of(prompt.task).items(),
        "wording": request.GET.get("wording", ""),
    }
    return render_page(request, "prompts/change.html", context, status=form_status(form))


def _variant(prompt: Prompt, number: int) -> Variant:
    return get_object_or_404(prompt.variants.select_related("prompt__project"), number=number)


def _promote(
    request: HttpRequest, slug: str, variant: Variant, *, is_roll_back: bool = False
) -> HttpResponse:
    values = {"number": variant.number}
    if prompt_variants.promote_variant(variant, request.user, is_roll_back=is_roll_back):
        message = (
            _("Variant %(number)s is now in production. Existing drafts stay as they are.") % values
        )
        undo_url = reverse("prompts-roll-back", args=[slug, variant.prompt_id])
        offer_undo(request, message, undo_url)
    else:
        messages.info(
            request,
            _("Nothing changed: variant %(number)s is already in production, or it is archived.")
            % values,
        )
    return redirect("prompts-show", slug, variant.prompt_id)


@require_POST
def promote_variant(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    """Put a variant into production."""
    project = access.project(request, slug, Role.ENGINEER)
    prompt = get_object_or_404(Prompt, project=project, pk=pk)
    return _promote(request, slug, _variant(prompt, number))


@require_POST
def roll_back(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Put the previous variant back into production."""
    project = access.project(request, slug, Role.ENGINEER)
    prompt = get_object_or_404(Prompt, project=project, pk=pk)
    variant = prompt_variants.previous_in_production(prompt)
    if variant is None:
        messages.info(request, _("There is no earlier variant to roll back to."))
        return redirect("prompts-show", slug, pk)
    return _promote(request, slug, variant, is_roll_back=True)


@require_POST
def archive_variant(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    """Archive a variant; with ``back``, unarchive it."""
    project = access.project(request, slug, Role.ENGINEER)
    prompt = get_object_or_404(Prompt, project=project, pk=pk)
    if not prompt_variants.archive_variant(_variant(prompt, number), "back" not in request.POST):
        messages.error(
            request,
            _("You cannot archive the variant in production. Promote another variant first."),
        )
    return redirect("prompts-show", slug, pk)


@require_POST
def bin_prompt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Move a prompt of the team's own to the bin."""
    project = access.project(request, slug, Role.ENGINEER)
    prompt = get_object_or_404(Prompt, project=project, pk=pk)
    try:
        prompt_bin.bin_prompt(prompt, request.user)
        undo_url = reverse("prompts-restore", args=[slug, pk])
        offer_undo(
            request,
            _("The prompt “%(task)s” has been moved to the bin.") % {"task": prompt.task},
            undo_url,
        )
    except prompt_bin.CannotMove as reason:
        messages.error(request, translated(str(reason)))
    return redirect("prompts", slug)


@require_POST
def restore_prompt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Restore a prompt from the bin."""
    project = access.project(request, slug, Role.ENGINEER)
    prompt = get_object_or_404(Prompt.everything, project=project, pk=pk)
    try:
        if prompt_bin.restore_prompt(prompt):
            messages.success(
                request, _("The prompt “%(task)s” has been restored.") % {"task": prompt.task}
            )
        else:
            messages.info(
                request, _("The prompt “%(task)s” is not in the bin.") % {"task": prompt.task}
            )
    except prompt_bin.CannotMove as reason:
        messages.error(request, translated(str(reason)))
    return redirect("prompts", slug)


@require_http_methods(["GET", "POST"])
def remove_prompt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show what is lost when a prompt in the bin is deleted; a POST makes it expire."""
    project = access.project(request, slug, Role.ADMIN)
    prompt = get_object_or_404(Prompt.everything, project=project, pk=pk)
    if not prompt.is_in_bin:
        messages.info(
            request, _("The prompt “%(task)s” is not in the bin.") % {"task": prompt.task}
        )
        return redirect("bin", slug)
    if request.method == "POST":
        bins.expire_rows(Prompt.everything.filter(pk=prompt.pk))
        messages.success(
            request,
            _("The prompt “%(task)s” has been permanently deleted.") % {"task": prompt.task},
        )
        return redirect("bin", slug)
    losses = [
        counted(prompt.variants.count(), "variant"),
        counted(prompt.experiments.count(), "experiment"),
    ]
    context = {"name": prompt.task, "losses": losses, "place": reverse("bin", args=[slug])}
    return render_page(request, "bin/remove.html", context)
