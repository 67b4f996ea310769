from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods

from prompts import variants
from prompts.forms import VariantForm
from prompts.models import Prompt
from prompts.rendering import VARIABLES
from qareview import access
from qareview.htmx import render_page
from qareview.models import Role


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
            request, f"Variant {variant.number} is in production for what is drafted from now on."
        )
        return redirect("prompts", slug)
    context = {"prompt": prompt, "form": form, "variables": VARIABLES[prompt.task]}
    status = 422 if form.is_bound else 200
    return render_page(request, "prompts/change.html", context, status=status)
