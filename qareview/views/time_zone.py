"""The page on which a person chooses their time zone."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from qareview import access, zones
from qareview.forms import ZoneForm
from qareview.htmx import form_status, render_page
from qareview.models import OwnZone


@require_http_methods(["GET", "POST"])
def own_zone(request: HttpRequest) -> HttpResponse:
    """Show and save the time zone of the user; an empty one is that of the browser."""
    user = access.user(request)
    own = OwnZone.objects.filter(user=user).first()
    form = ZoneForm(zones.of_browser(request), own.name if own else "", request.POST or None)
    if form.is_valid():
        zones.choose(user, form.cleaned_data["zone"])
        messages.success(request, _("Your time zone is saved."))
        return redirect("time-zone")
    zones.use_own(user)
    context = {"form": form, "now": timezone.now()}
    return render_page(request, "account/time_zone.html", context, status=form_status(form))
