"""The pages of prompts and their variants."""

import copy
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prompts import approved_items, builtin_prompts, promotions
from prompts import bin as prompt_bin
from prompts import variants as prompt_variants
from prompts.forms import PromptForm, VariantForm
from prompts.models import CandidateState, Promotion, Prompt, Variant
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
        task, values = form.cleaned_data["task"], form.values()
        try:
            prompt = prompt_variants.begin_prompt(project, task, values, request.user)
            return redirect("prompts-show", slug, prompt.pk)
        except prompt_variants.NameTaken:
            form.refuse_name()
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
        "promotions": list(prompt.promotions.select_related("variant__prompt", "by", "snapshot")),
        "acceptance": _acceptance_rows(prompt, variants),
        "experiments": prompt.experiments.all(),
        "waiting": prompt.candidates.filter(state=CandidateState.PENDING).count(),
        "before": promotions.previous_in_production(prompt),
        "chosen": chosen,
        "other": next((each for each in variants if each.pk != prompt.production_id), None),
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
    if form.is_valid() and parent and (variant := _saved(request, parent, form)):
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


def _saved(request: HttpRequest, parent: Variant, form: VariantForm) -> Variant | None:
    """Return the new variant; None, and an error in the form, if there is an identical one."""
    try:
        return prompt_variants.save_variant(parent, form.values(), request.user, form.defaults())
    except prompt_variants.SameVariant as twin:
        form.refuse_twin(twin.variant)
        return None


def _variant(prompt: Prompt, number: int) -> Variant:
    return get_object_or_404(prompt.variants.select_related("prompt__project"), number=number)


def _promote(request: HttpRequest, slug: str, variant: Variant) -> HttpResponse:
    promotion = promotions.promote_variant(variant, request.user)
    if promotion:
        tell_of_promotion(request, slug, promotion)
    else:
        tell_of_no_promotion(request, variant)
    return redirect("prompts-show", slug, variant.prompt_id)


def tell_of_promotion(request: HttpRequest, slug: str, promotion: Promotion) -> None:
    """Say which variant is in production now, with a button that undoes just this promotion."""
    if promotion.prompt.is_builtin:
        text = _("Variant %(number)s is now in production. Existing drafts stay as they are.")
    else:
        text = _("Variant %(number)s is now in production.")
    undo_url = reverse("prompts-undo", args=[slug, promotion.prompt_id, promotion.pk])
    offer_undo(request, text % {"number": promotion.variant.number}, undo_url)


def tell_of_no_promotion(request: HttpRequest, variant: Variant) -> None:
    """Say why a variant was not promoted."""
    text = _("Nothing changed: variant %(number)s is already in production, or it is archived.")
    messages.info(request, text % {"number": variant.number})


@require_POST
def promote_variant(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    """Put a variant into production."""
    project = access.project(request, slug, Role.ENGINEER)
    prompt = get_object_or_404(Prompt, project=project, pk=pk)
    return _promote(request, slug, _variant(prompt, number))


@require_POST
def roll_back(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Put the previous variant back into production.

    ``seen`` is the latest entry of the history on the page; if another came after it, nothing is
    done.
    """
    project = access.project(request, slug, Role.ENGINEER)
    prompt = get_object_or_404(Prompt, project=project, pk=pk)
    try:
        seen = number_in(request.POST.get("seen"))
        tell_of_promotion(request, slug, promotions.roll_back(prompt, request.user, seen))
    except promotions.NotChanged as reason:
        messages.info(request, translated(str(reason)))
    return redirect("prompts-show", slug, pk)


@require_POST
def undo_promotion(request: HttpRequest, slug: str, pk: int, promotion: int) -> HttpResponse:
    """Undo a promotion or a rollback, if nothing came after it."""
    project = access.project(request, slug, Role.ENGINEER)
    rows = Promotion.objects.select_related("variant").filter(prompt__project=project, prompt=pk)
    undone = get_object_or_404(rows, prompt__binned_at=None, pk=promotion)
    try:
        now = promotions.undo_promotion(undone, request.user)
        text = _("Undone: variant %(now)s is in production again instead of variant %(undone)s.")
        values = {"now": now.variant.number, "undone": undone.variant.number}
        messages.success(request, text % values)
    except promotions.NotChanged as reason:
        messages.error(request, translated(str(reason)))
    return redirect("prompts-show", slug, pk)


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
