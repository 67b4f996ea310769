"""The comments on an item, and questions to a colleague about it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from generation.forms.comments import AskForm, CommentForm, UnsentCommentForm
from generation.models import Item
from generation.review import comments, unsent_comments
from qareview import access
from qareview.htmx import form_status, render_page, wants_part
from qareview.models import Membership
from qareview.stored_sentences import translated

DESK = "desk"  # the parameter ``from`` of a link at the desk; links on an item's page have none


def comments_context(
    member: Membership, item: Item, form: CommentForm | None = None
) -> dict[str, Any]:
    """Return the template context of an item's comments for a member, with their form.

    The item comes from :func:`unsent_comments.with_unsent`.
    """
    user = member.user
    unsent, unsent_at = unsent_comments.unsent_comment(item)
    unsent_form = CommentForm(auto_id="comment-%s", initial={"text": unsent})
    members = list(comments.members_to_mention(item.project).values_list("username", flat=True))
    question = comments.open_question(item)
    may_take_back = question and (member.is_admin or question.author_id == user.pk)
    rows = [
        {"comment": comment, "text": comments.with_mentions(comment.text, set(members))}
        for comment in comments.visible_comments(item, user)
    ]
    return {
        "item": item,
        "comments": rows,
        "sees_all": item.shows_reviews_to(user),
        "comment_form": form if form and form.is_bound else unsent_form,
        "unsent_at": unsent_at,
        "members": members,
        "question_to_user": question if question and question.asks_id == user.pk else None,
        "asks": question if may_take_back else None,
    }


@require_http_methods(["GET", "POST"])
def item_comments(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the comments on an item; a POST adds a comment."""
    member = access.member(request, slug)
    items = member.project.items.select_related("project")
    items = unsent_comments.with_unsent(items, request.user)
    item = get_object_or_404(items, pk=pk)
    form = CommentForm(request.POST if request.method == "POST" else None, auto_id="comment-%s")
    if form.is_valid():
        comments.add_comment(item, request.user, form.cleaned_data["text"])
        if not wants_part(request):
            return redirect(f"{reverse('items-show', args=[slug, pk])}#comments")
        item = items.get(pk=pk)  # a comment may have answered the question about it
        form = CommentForm(auto_id="comment-%s")
    context = comments_context(member, item, form)
    status = form_status(form)
    return render_page(request, "comments/page.html", context, part="part", status=status)


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask a colleague about an item; at the desk, the next item follows."""
    project = access.project(request, slug)
    items = unsent_comments.with_unsent(project.items.all(), request.user, is_question=True)
    item = get_object_or_404(items, pk=pk)
    data = request.POST if request.method == "POST" else None
    unsent, unsent_at = unsent_comments.unsent_comment(item)
    initial = {"text": unsent}
    form = AskForm(project, request.user, data, auto_id="ask-%s", initial=initial)
    place = (request.POST or request.GET).get("from", "")
    if form.is_valid() and _ask(request, item, form):
        return redirect("review", slug) if place == DESK else redirect("items-show", slug, pk)
    context = {"item": item, "form": form, "place": place, "unsent_at": unsent_at}
    status = form_status(form)
    return render_page(request, "comments/asking.html", context, part="part", status=status)


def _ask(request: HttpRequest, item: Item, form: AskForm) -> bool:
    """Ask the question; if it is refused, add the reason to the form and return False."""
    colleague = form.cleaned_data["colleague"]
    try:
        comments.ask_colleague(item, request.user, colleague, form.cleaned_data["text"])
    except comments.NotAsked as reason:
        form.add_error(None, translated(str(reason)))
        return False
    messages.success(
        request,
        _("You asked %(colleague)s. The item comes back to your desk when they answer.")
        % {"colleague": colleague},
    )
    return True


@require_POST
def typed(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Store what the user has typed of a comment, or with ``?asks=1`` of a question."""
    project = access.project(request, slug)
    items = Item.everything.filter(project=project)  # includes items in the bin
    item = get_object_or_404(items.only("pk", "project"), pk=pk)
    form = UnsentCommentForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    text, is_question = form.cleaned_data["text"], "asks" in request.GET
    try:
        at = unsent_comments.keep(item, request.user, text, is_question=is_question)
    except Item.DoesNotExist:
        raise Http404(_("Item not found.")) from None
    response = HttpResponse(status=204)
    response["Typed-At"] = str(at)
    return response


@require_POST
def take_back(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take back the open question about an item; only its author and admins may."""
    member = access.member(request, slug)
    item = get_object_or_404(member.project.items, pk=pk)
    if comments.take_question_back(item, request.user, member.is_admin):
        messages.success(request, _("Question withdrawn. The item is waiting at the desk again."))
    else:
        messages.info(request, _("This question has already been answered or withdrawn."))
    return redirect("items-show", slug, pk)
