from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from prompts.models import Prompt
from qareview import access
from qareview.htmx import render_page


@require_GET
def prompt_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is said to the model: each prompt with its variant in production."""
    project = access.project(request, slug)
    prompts = Prompt.objects.filter(project=project).select_related("production")
    return render_page(request, "prompts/list.html", {"prompts": prompts})
