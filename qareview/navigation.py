"""The pages of a project, grouped by what people do there."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from qareview.models import Membership


@dataclass(frozen=True)
class Page:
    """A page that has a link at the top of every page.

    ``url`` is the name of its URL. ``sections`` are the other sections that count as this page; see
    :func:`section_of`. If ``waits`` is true, the link tells how many of its entries wait.
    """

    title: str | Promise
    url: str
    sections: tuple[str, ...] = ()
    is_for_admins: bool = False
    waits: bool = False


@dataclass(frozen=True)
class Group:
    """Pages that people use for the same purpose; the first is opened by the group's link."""

    title: str | Promise
    pages: tuple[Page, ...]


GROUPS = (
    Group(
        _("Make"),
        (
            Page(_("Documents"), "documents", ("passages", "unsent", "again", "bin")),
            Page(_("Prompts"), "prompts", ("candidates", "playground")),
        ),
    ),
    Group(
        _("Review"),
        (
            Page(_("Desk"), "review"),
            Page(_("Items"), "items", ("bulk",)),
            Page(_("Disputes"), "adjudicate", is_for_admins=True, waits=True),
            Page(_("Inbox"), "inbox", waits=True),
        ),
    ),
    Group(
        _("Improve"),
        (Page(_("Experiments"), "experiments", ("compare", "results", "runs", "case")),),
    ),
    Group(_("Ship"), (Page(_("Releases"), "releases"),)),
    Group(
        _("Team"),
        (
            Page(_("Progress"), "progress", ("agreement",)),
            Page(_("Members"), "members", is_for_admins=True),
            Page(_("Settings"), "settings", ("project",), is_for_admins=True),
        ),
    ),
)


def section_of(request: HttpRequest) -> str:
    """Return the section of a page: the part of its URL's name before the first hyphen, or ""."""
    match = request.resolver_match
    return (match.url_name or "").split("-")[0] if match else ""


@dataclass(frozen=True)
class PageLink:
    """A link to a page of a project; ``counter`` is the id of what tells how much waits there."""

    title: str | Promise
    address: str
    is_current: bool
    counter: str


@dataclass(frozen=True)
class GroupLinks:
    """The links of a group, without those of pages that the member may not open."""

    title: str | Promise
    links: list[PageLink]

    @property
    def is_current(self) -> bool:
        """Whether the page that is shown belongs to the group."""
        return any(link.is_current for link in self.links)

    @property
    def waits(self) -> bool:
        """Whether something may wait on one of its pages."""
        return any(link.counter for link in self.links)


def links_for(member: Membership, request: HttpRequest) -> list[GroupLinks]:
    """Return the links at the top of a page of a project."""
    section = section_of(request)
    return [
        GroupLinks(
            group.title,
            [
                PageLink(
                    page.title,
                    reverse(page.url, args=[member.project.slug]),
                    section in (page.url, *page.sections),
                    f"waits-{page.url}" if page.waits else "",
                )
                for page in group.pages
                if member.is_admin or not page.is_for_admins
            ],
        )
        for group in GROUPS
    ]
