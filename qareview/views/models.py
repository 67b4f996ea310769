"""Pages on which admins of the installation add, try, change and remove models."""

from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qareview import access, added_models, jobs, trials
from qareview.backends import model_names, servers
from qareview.htmx import form_status, render_page
from qareview.model_forms import form_for
from qareview.models import AddedModel, JobState, ModelFetch
from qareview.stored_sentences import translated
from qareview.translations import number


class Card(NamedTuple):
    """A model as the list shows it; ``place`` is the id of its card, ``pk`` None if it is fixed."""

    place: str
    name: str
    options: dict[str, Any]
    worth: str
    pk: int | None
    hub_id: str = ""  # of a model that was fetched

    @property
    def prices(self) -> list[str]:
        """The prices of a million tokens read and written; none if the model is free."""
        prices = [Decimal(str(self.options.get(name, 0))) for name in ("price_in", "price_out")]
        return [_price(price) for price in prices] if any(prices) else []


def _price(price: Decimal) -> str:
    """Return a price with as many decimals as it has."""
    decimals = len(f"{price.normalize():f}".partition(".")[2])
    return number(float(price), decimals)


def check_admin(request: HttpRequest) -> None:
    if not access.may_manage_models(request.user):
        raise PermissionDenied(_("Only the installation’s admins can manage models."))


@require_GET
def model_list(request: HttpRequest) -> HttpResponse:
    """List the models that were added, and those of the settings."""
    check_admin(request)
    context = {
        "models": _cards(),
        "default_model": settings.DEFAULT_MODEL,
        "services": servers.SERVICES,
        "local": servers.LOCAL,
        **fetches_now(),
    }
    return render_page(request, "models/list.html", context)


def _cards() -> list[Card]:
    """Return the models that were added, then those of the settings."""
    hub_ids = dict(ModelFetch.objects.exclude(model=None).values_list("model", "hub_id"))
    added = [(row.name, row.options(), row.pk) for row in AddedModel.objects.all()]
    fixed = [(name, options, None) for name, options in settings.MODELS.items()]
    worth = added_models.worth_of([name for name, _, _ in [*added, *fixed]])
    return [
        Card(f"model-{number}", name, options, worth[name], pk, hub_ids.get(pk, "") if pk else "")
        for number, (name, options, pk) in enumerate([*added, *fixed])
    ]


def fetches_now() -> dict[str, Any]:
    """Return the context of the part with the models that are being fetched, or failed."""
    fetches = list(ModelFetch.objects.filter(model=None))
    moving = [row for row in fetches if row.state in (JobState.QUEUED, JobState.RUNNING)]
    return {"fetches": fetches, "moving": len(moving)}


@sensitive_variables()
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def new_model(request: HttpRequest) -> HttpResponse:
    """Add a model: on a server whose preset is ``kind``, on another one, or in a folder.

    ``url`` and ``served_name`` in the address fill in the form.
    """
    check_admin(request)
    kind = request.GET.get("kind", "")
    names = ("url", "served_name")
    values = {name: request.GET[name] for name in names if name in request.GET}
    form = form_for(kind, request.POST or None, values=values)
    if not form.is_valid():
        context = {"form": form, "kind": kind, "preset": servers.PRESETS.get(kind)}
        return render_page(request, "models/new.html", context, status=form_status(form))
    form.instance.created_by = access.user(request)
    model = form.save()
    jobs.sweep()  # wakes workers for what had to wait for such a model
    return redirect(f"{reverse('models-edit', args=[model.pk])}?try=1")


@sensitive_variables()
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def edit_model(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and change a model that was added; with ``try`` in the address, it is tried at once."""
    check_admin(request)
    model = get_object_or_404(AddedModel, pk=pk)
    form = form_for("", request.POST or None, instance=model)
    if not form.is_valid():
        context = {"form": form, "model": model, "is_tried": "try" in request.GET}
        return render_page(request, "models/edit.html", context, status=form_status(form))
    form.save()
    jobs.sweep()  # the same
    messages.success(request, _("Saved. Workers use the change from their next batch on."))
    return redirect(f"{reverse('models-edit', args=[pk])}?try=1")


@require_POST
def remove_model(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a model that no project uses."""
    check_admin(request)
    model = get_object_or_404(AddedModel, pk=pk)
    try:
        added_models.remove_model(model, request.user)
    except added_models.InUse as reason:
        messages.error(request, translated(str(reason)))
    else:
        messages.success(request, _("%(name)s has been removed.") % {"name": model.name})
    return redirect("models")


@require_POST
def test_model(request: HttpRequest) -> HttpResponse:
    """Send a request of each task to the model ``name``, and show what came back."""
    check_admin(request)
    name = request.POST.get("name", "")
    if name not in model_names():
        raise Http404(_("Model not found."))
    context: dict[str, Any] = {"name": name, "trial": trials.try_model(name)}
    return render_page(request, "models/trial.html", context, part="trial")


@require_GET
def found_models(request: HttpRequest) -> HttpResponse:
    """Look for model servers on this machine, at their usual ports."""
    check_admin(request)
    known = set(AddedModel.objects.values_list("url", "served_name"))
    found = [
        (server.preset, [(name, (server.preset.url, name) in known) for name in server.models])
        for server in servers.look_here(servers.LOCAL)
    ]
    looked_at = ", ".join(preset.name for preset in servers.LOCAL)
    context = {"found": found, "looked_at": looked_at}
    return render_page(request, "models/found.html", context, part="found")
