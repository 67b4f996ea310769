"""The token with which forms are sent, for pages that were made before somebody signed in again."""

from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from qareview import access


@never_cache
@require_GET
def token(request: HttpRequest) -> JsonResponse:
    """Return who is signed in, and the token of their forms."""
    return JsonResponse({"user": access.user(request).pk, "token": get_token(request)})
