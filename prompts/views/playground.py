"""The playground of a prompt: wordings are tried here, and nothing is stored."""

import logging
from collections.abc import Sequence
from typing import Any

import redis
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prompts import passage_inputs, playground
from prompts import variants as prompt_variants
from prompts.models import Prompt, Variant
from prompts.passage_inputs import PassageInput
from prompts.playground import Order, PlaygroundRun
from prompts.playground_forms import InputForm, SavedWordingForm, WordingForm
from qareview import access, completions
from qareview.htmx import render_page, wants_part
from qareview.models import Role
from qareview.request_numbers import number_in
from qareview.stored_sentences import translated

logger = logging.getLogger(__name__)

PAGE = "playground/show.html"
FIRST, SECOND = "first", "second"  # the places of the two wordings
FOUND = 10  # passages; chosen; nobody measured
DRAWN = 3  # passages; chosen; nobody measured
OTHERS = 8  # variants to compare with; chosen; nobody measured


def _prompt(request: HttpRequest, slug: str, pk: int) -> Prompt:
    project = access.project(request, slug, Role.ENGINEER)
    prompts = Prompt.objects.select_related("project", "production")
    return get_object_or_404(prompts, project=project, pk=pk)


@require_http_methods(["GET", "POST"])
def show_playground(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show wordings to change and inputs to choose; a POST runs them.

    The first wording is that of the variant with the number ``?variant=``, or of the one in
    production; there is a second one with ``?second=``. With ``?run=``, the page is as it was when
    this run, if it is the person's latest, was started.
    """
    prompt = _prompt(request, slug, pk)
    if request.method == "POST":
        return _start(request, prompt)
    run, data = _asked_for(request, prompt)
    return render_page(request, PAGE, {**_forms(request, prompt, data), "run": run})


def _asked_for(
    request: HttpRequest, prompt: Prompt
) -> tuple[PlaygroundRun | None, QueryDict | None]:
    """Return the run that an address names, and its form.

    Returns None for both if it is not kept, or the broker is away.
    """
    key = request.GET.get("run")
    try:
        run = playground.latest_run(access.user(request).pk, prompt.pk) if key else None
        if run and run.key == key:
            return run, QueryDict(playground.form_of(run.key))
    except redis.RedisError as error:
        logger.warning("A run of the playground cannot be shown: %s", error)
    return None, None


def _forms(request: HttpRequest, prompt: Prompt, data: QueryDict | None) -> dict[str, Any]:
    """Return the context of the page, but for its run; ``data`` is what its form had."""
    wordings = _wordings(request, prompt, data)
    model = wordings[0].instance.model
    inputs = InputForm(prompt, data, model)
    passages = [(passage, True) for passage in inputs.passages]
    if data is None and inputs.offers_passages:
        passages = [(passage, True) for passage in _drawn(prompt, inputs)]
    others = prompt.variants.filter(archived_at=None).order_by("-number")[:OTHERS]
    return {
        "prompt": prompt,
        "wordings": wordings,
        "inputs": inputs,
        "passages": passages,
        "others": others,
        "most": playground.MOST_INPUTS,
    }


def _wordings(request: HttpRequest, prompt: Prompt, data: QueryDict | None) -> list[WordingForm]:
    """Return the forms of one or two wordings. Raises Http404 if there is no such variant."""
    if data is None:
        numbers = {FIRST: request.GET.get("variant"), SECOND: request.GET.get("second")}
    else:
        numbers = {place: data.get(f"{place}-variant") for place in (FIRST, SECOND)}
    first = WordingForm(_variant(prompt, numbers[FIRST]), FIRST, data)
    if not numbers[SECOND]:
        return [first]
    return [first, WordingForm(_variant(prompt, numbers[SECOND]), SECOND, data)]


def _variant(prompt: Prompt, text: str | None) -> Variant:
    """Return the variant with this number, without one that in production. Raises Http404."""
    number = number_in(text)
    if number is None and prompt.production:
        number = prompt.production.number
    return get_object_or_404(prompt.variants.select_related("prompt__project"), number=number)


def _drawn(prompt: Prompt, inputs: InputForm) -> list[PassageInput]:
    return passage_inputs.passages().drawn(prompt.project, inputs.names, DRAWN)


def _start(request: HttpRequest, prompt: Prompt) -> HttpResponse:
    wordings = _wordings(request, prompt, request.POST)
    inputs = InputForm(prompt, request.POST)
    problems = _problems([*wordings, inputs])
    over_budget = completions.why_over_budget(prompt.project)
    if over_budget:
        problems.append(("", translated(over_budget)))
    if problems:
        return _refused(request, prompt, problems)
    try:
        key = playground.start_run(_order(request, prompt, wordings, inputs), _form(request))
        run = playground.read_run(key)
    except redis.RedisError:
        away = _("The broker is away. Try again in a moment.")
        return _refused(request, prompt, [("", away)])
    place = f"{reverse('playground', args=[prompt.project.slug, prompt.pk])}?run={key}"
    if not wants_part(request):
        return redirect(place)
    response = render_page(request, PAGE, {"run": run, "prompt": prompt}, part="run")
    response["HX-Replace-Url"] = place
    return response


def _order(
    request: HttpRequest, prompt: Prompt, wordings: Sequence[WordingForm], inputs: InputForm
) -> Order:
    labelled = inputs.inputs()
    chosen = Variant(model=inputs.cleaned_data["model"])
    return Order(
        user=access.user(request).pk,
        project=prompt.project_id,
        prompt=prompt.pk,
        model=prompt_variants.model_for(prompt.project, chosen),
        wordings=[playground.wording_of(wording.instance) for wording in wordings],
        inputs=[each for _, each in labelled],
        labels=[label for label, _ in labelled],
    )


def _form(request: HttpRequest) -> str:
    """Return what a page sent, but for the token that shows that it is ours."""
    form = request.POST.copy()
    form.pop("csrfmiddlewaretoken", None)
    return form.urlencode()


def _problems(checked: Sequence[forms.BaseForm]) -> list[tuple[str, str]]:
    """Return the errors of forms, each after the label of its field."""
    found = []
    for form in checked:
        for name, errors in form.errors.items():
            label = str(form[name].label) if name in form.fields else ""
            if isinstance(form, WordingForm):
                label = f"{form.title}: {label}"
            found += [(label, str(error)) for error in errors]
    return found


def _refused(request: HttpRequest, prompt: Prompt, problems: list[tuple[str, str]]) -> HttpResponse:
    """Return the page, or only its list of problems."""
    context: dict[str, Any] = {"prompt": prompt, "problems": problems}
    if not wants_part(request):
        context |= _forms(request, prompt, request.POST)
    response = render_page(request, PAGE, context, part="problems", status=422)
    response["HX-Retarget"], response["HX-Reswap"] = "#problems", "innerHTML"
    return response


@require_GET
def list_passages(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Offer passages: some that have ``words``, below those chosen, or ``random`` ones."""
    prompt = _prompt(request, slug, pk)
    inputs = InputForm(prompt, request.GET)
    if not inputs.offers_passages:
        raise Http404
    if "random" in request.GET:
        passages = [(passage, True) for passage in _drawn(prompt, inputs)]
    else:
        passages = _with_found(prompt, inputs, request.GET.get("words", ""))
    context = {} if wants_part(request) else _forms(request, prompt, None)
    context["passages"] = passages
    return render_page(request, PAGE, context, part="passages")


def _with_found(prompt: Prompt, inputs: InputForm, words: str) -> list[tuple[PassageInput, bool]]:
    """Return the chosen passages, then those with some words, each with whether it is chosen."""
    words = words.replace("\0", "").strip()
    found = passage_inputs.passages().found(prompt.project, inputs.names, words, FOUND)
    chosen = {passage.passage for passage in inputs.passages}
    others = [(passage, False) for passage in found if passage.passage not in chosen]
    return [*((passage, True) for passage in inputs.passages), *others]


@require_GET
def show_progress(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show what changed in the latest run since the page saw it as ``seen``."""
    prompt = _prompt(request, slug, pk)
    seen = request.GET.get("seen", "")
    try:
        run = playground.latest_run(access.user(request).pk, pk, seen)
    except redis.RedisError:
        return HttpResponse(status=503)  # the page asks again
    if run is None or run.key != request.GET.get("run"):
        return render_page(request, "playground/gone.html", {"prompt": prompt})
    context = {"run": run, "prompt": prompt, "changed": run.changed_since(seen), "seen": seen}
    return render_page(request, "playground/progress.html", context)


@require_POST
def stop_run(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Stop the person's latest run."""
    prompt = _prompt(request, slug, pk)
    try:
        playground.stop_run(access.user(request).pk)
        run = playground.latest_run(access.user(request).pk, pk)
    except redis.RedisError:
        return HttpResponse(status=503)
    if not wants_part(request):
        query = f"?run={run.key}" if run else ""
        return redirect(reverse("playground", args=[slug, pk]) + query)
    return render_page(request, PAGE, {"run": run, "prompt": prompt}, part="run")


@require_POST
def save_wording(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Save the wording at the place ``save`` as a new variant, as the editor does."""
    prompt = _prompt(request, slug, pk)
    place = SECOND if request.POST.get("save") == SECOND else FIRST
    parent = _variant(prompt, request.POST.get(f"{place}-variant"))
    form = SavedWordingForm(parent, place, request.POST)
    if not form.is_valid():
        return _refused(request, prompt, _problems([form]))
    try:
        variant = prompt_variants.save_variant(parent, form.values(), access.user(request))
    except prompt_variants.SameVariant as twin:
        form.refuse_twin(twin.variant)
        return _refused(request, prompt, _problems([form]))
    text = _("Variant %(number)s created. It is not in production yet.")
    messages.success(request, text % {"number": variant.number})
    return redirect("prompts-show", slug, pk)
