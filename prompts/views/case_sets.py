"""Keep the cases of an experiment as a set of its project, and remove such a set."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prompts import case_sets
from prompts.case_forms import CaseSetForm
from prompts.views.experiments import experiment_of
from qareview import access
from qareview.models import Role


@require_POST
def keep_cases(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Keep the cases of an experiment as a set."""
    project = access.project(request, slug, Role.ENGINEER)
    experiment = experiment_of(project, pk)
    form = CaseSetForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the case set a name of at most 60 characters."))
        return redirect("experiments-show", slug, pk)
    name = form.cleaned_data["name"]
    try:
        case_sets.keep_cases(experiment, name, request.user)
        text = _("The case set “%(name)s” can be chosen for other experiments now.")
        messages.success(request, text % {"name": name})
    except case_sets.NameTaken:
        text = _("There is already a case set “%(name)s”. Choose another name.")
        messages.error(request, text % {"name": name})
    return redirect("experiments-show", slug, pk)


@require_POST
def remove_case_set(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Remove a case set; experiments keep the cases that they have from it."""
    project = access.project(request, slug, Role.ENGINEER)
    case_set = get_object_or_404(project.case_sets, pk=pk)
    case_set.delete()
    messages.success(request, _("Case set “%(name)s” removed.") % {"name": case_set.name})
    return redirect("experiments", slug)
