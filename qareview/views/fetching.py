"""Pages on which admins of the installation fetch models of a hub, and remove them again."""

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from qareview import access, added_models, fetching, jobs
from qareview.fetch_forms import FetchForm, RemovalForm
from qareview.htmx import form_status, render_page, wants_part
from qareview.models import AddedModel, JobState, ModelFetch
from qareview.stored_sentences import translated
from qareview.views.models import check_admin, fetches_now


@require_GET
def fetch_list(request: HttpRequest) -> HttpResponse:
    """Show how far models are fetched; the whole page again when one of them has ended.

    ``moving`` in the address is how many the page shows as not ended.
    """
    check_admin(request)
    if not wants_part(request):
        return redirect("models")
    context = fetches_now()
    if str(context["moving"]) != request.GET.get("moving"):
        answer: HttpResponse = HttpResponseClientRefresh()
        return answer
    return render_page(request, "models/fetches.html", context)


@sensitive_variables()
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def new_fetch(request: HttpRequest) -> HttpResponse:
    """Order a model to be fetched from the hub."""
    check_admin(request)
    form = FetchForm(request.POST or None)
    if not form.is_valid():
        return render_page(request, "models/fetch.html", {"form": form}, status=form_status(form))
    fetch = form.filled()
    fetch.created_by = access.user(request)
    fetching.order_fetch(fetch)
    return redirect("models")


@sensitive_variables()
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def change_fetch(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is to be fetched after it failed, such as the token, and fetch again."""
    check_admin(request)
    fetch = get_object_or_404(ModelFetch, pk=pk, state=JobState.FAILED)
    before = (fetch.hub_id, fetch.revision)
    form = FetchForm(request.POST or None, instance=fetch)
    if not form.is_valid():
        context = {"form": form, "model": fetch}
        return render_page(request, "models/fetch.html", context, status=form_status(form))
    changed = form.filled()
    if (changed.hub_id, changed.revision) == before:
        changed.save()
        jobs.retry_job(changed)
    else:
        fetching.order_fetch(changed)
    return redirect("models")


@require_POST
def retry_fetch(request: HttpRequest, pk: int) -> HttpResponse:
    """Fetch a model that failed again, from where it stopped."""
    check_admin(request)
    jobs.retry_job(get_object_or_404(ModelFetch, pk=pk))
    return redirect("models")


@require_POST
def cancel_fetch(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop fetching a model, and delete what has been fetched of it."""
    check_admin(request)
    fetch = get_object_or_404(ModelFetch, pk=pk, model=None)
    fetching.cancel_fetch(fetch)
    messages.success(request, _("%(name)s is not fetched any more.") % {"name": fetch.name})
    return redirect("models")


@require_http_methods(["GET", "POST"])
def remove_fetched_model(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether to delete the files of a fetched model, then remove it."""
    check_admin(request)
    model = get_object_or_404(AddedModel.objects.select_related("fetch"), pk=pk)
    try:
        size = filesizeformat(model.fetch.size)
    except ObjectDoesNotExist:
        raise Http404(_("Model not found.")) from None
    form = RemovalForm(request.POST if request.method == "POST" else None, size=size)
    if not form.is_valid():
        return render_page(request, "models/remove.html", {"form": form, "model": model})
    try:
        fetching.remove_fetched_model(model, request.user, form.cleaned_data["with_files"])
    except added_models.InUse as reason:
        messages.error(request, translated(str(reason)))
    else:
        messages.success(request, _("%(name)s has been removed.") % {"name": model.name})
    return redirect("models")
