"""A document, and the passages it is cut into."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Substr
from django.utils import timezone
from django.utils.functional import cached_property

from qareview import completions
from qareview.fields import SentenceField
from qareview.markdown_escapes import unescaped
from qareview.models import MODEL_TASKS, Binnable, Job, JobState, OutOfBin, Project

LONGEST_PART = 20_000  # characters of what is left out, shown as one; chosen; nobody measured
LONGEST_NOTE = 1000  # characters; a longer footnote comes with no passage; chosen; nobody measured
_CALL = re.compile(r"\[\^([^\[\]\s]{1,40})\](?!:)")  # the number of a footnote
_NOTE = re.compile(r"^ {0,3}\[\^([^\[\]\s]{1,40})\]:.*(?:\n(?![ \t]*$|\[\^).+)*", re.MULTILINE)


def original_path(document: "Document", name: str) -> str:
    """Return the path of an original: its hash, never a name that a user chose."""
    return f"{document.project_id}/{document.sha256[:2]}/{document.sha256}"


class DocumentQuerySet(models.QuerySet["Document"]):
    """Documents with what the pages show of them."""

    def for_list(self) -> "DocumentQuerySet":
        """Defer the text; add the numbers of passages and items by their states."""
        from generation.models.items import Item, ItemState  # upwards: they refer to documents

        current = Passage.objects.filter(document=OuterRef("pk"), superseded_at=None)
        passages = current.order_by().values("document")
        items = Item.objects.filter(document=OuterRef("pk")).order_by().values("document")

        def count(rows: Any, **condition: Any) -> Any:
            counted = rows.annotate(n=Count("pk", filter=Q(**condition))).values("n")
            return Coalesce(Subquery(counted), 0)

        members = Document.objects.filter(archive=OuterRef("pk")).order_by().values("archive")
        return self.defer("text", "left_out", "page_starts", "survey").annotate(
            member_count=count(members),
            passage_count=count(passages),
            moving_count=count(passages, state__in=(JobState.QUEUED, JobState.RUNNING)),
            held_count=count(passages, state=JobState.HELD),
            noted_count=count(passages.exclude(note=""), state=JobState.DONE),
            drafted_count=count(passages, state=JobState.DONE),
            undrafted_count=count(passages, state=JobState.FAILED),
            item_count=count(items),
            pending_count=count(items, state=ItemState.PENDING),
        )

    def for_bin(self) -> "DocumentQuerySet":
        """Keep documents that can be restored from the bin, the latest first; count their items."""
        from generation.models.items import Item  # upwards: it refers to documents

        items = Item.everything.filter(document=OuterRef("pk")).order_by().values("document")
        return (
            self.filter(goes_at__gt=timezone.now())
            .defer("text", "left_out", "page_starts", "survey")
            .select_related("binned_by")
            .annotate(item_count=Coalesce(Subquery(items.annotate(n=Count("pk")).values("n")), 0))
            .order_by("-binned_at")
        )


DocumentsOutOfBin = OutOfBin.from_queryset(DocumentQuerySet)


class Document(Binnable, Job):
    """An uploaded file, and the text that was read from it."""

    tasks = ("generation.tasks.read_documents", *MODEL_TASKS[:1])  # whose models are loaded ahead

    project = models.ForeignKey(Project, models.CASCADE, related_name="documents")
    name = models.CharField(max_length=255)
    original = models.FileField(upload_to=original_path, max_length=255, blank=True)
    size = models.PositiveBigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64, blank=True)
    media_type = models.CharField(max_length=100, blank=True)
    text = models.TextField(blank=True)  # Markdown; passages are slices of it
    text_version = models.PositiveIntegerField(default=1)  # goes up when it is read again
    page_starts = ArrayField(models.PositiveIntegerField(), default=list)  # offsets into text
    left_out: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(
        default=list
    )  # [{"start", "end", "reason"}]: these ranges and the passages cover the text
    picture_pages = ArrayField(models.PositiveIntegerField(), default=list)  # without any text
    wants_ocr = models.BooleanField(default=False)  # whether to recognise the text of pictures
    ocr_pages = ArrayField(models.PositiveIntegerField(), default=list)  # with recognised text
    metadata: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(
        default=dict
    )  # what the file says of itself, such as {"title": …}
    extent = models.CharField(max_length=20, blank=True)  # see readings.Choices
    language = models.CharField(max_length=8, blank=True)  # ISO 639-1, as detected
    survey: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict
    )  # of a table until its columns are chosen: see table_columns.survey
    columns: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(
        default=dict
    )  # {"context": column}; for triples "question" and "answer" too
    is_unreadable = models.BooleanField(default=False)  # whether it failed because of its file
    note = SentenceField()  # which rows or files were not imported, and why
    archive = models.ForeignKey("self", models.SET_NULL, null=True, related_name="members")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)

    objects: ClassVar[DocumentQuerySet] = DocumentsOutOfBin()  # type: ignore[assignment]
    everything: ClassVar[DocumentQuerySet] = DocumentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(Job.Meta):
        ordering = ("id",)
        indexes = (  # type: ignore[assignment]
            *Job.Meta.indexes,
            *Binnable.Meta.indexes,
        )
        constraints = (
            models.UniqueConstraint(
                fields=("project", "sha256"),
                condition=~Q(sha256="") & Q(binned_at=None),
                name="document_once_per_project",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def withheld(cls) -> Q:
        """Return the condition for documents that no worker may read now."""
        return Q(project__binned_at__isnull=False)

    @property
    def is_triples(self) -> bool:
        """Whether its rows are whole items, so that nothing is drafted from them."""
        return "question" in self.columns

    @property
    def is_table(self) -> bool:
        """Whether its passages are rows, which are never cut."""
        return bool(self.columns)

    def is_recognised(self, passage: "Passage") -> bool:
        """Whether a passage is on pages whose text was recognised, so that it may have errors."""
        first, last = passage.first_page, passage.last_page
        return first is not None and any(first <= page <= (last or 0) for page in self.ocr_pages)

    @property
    def is_plain_text(self) -> bool:
        """Whether its text is no Markdown, so that no mark in it means anything."""
        return self.media_type == "text/plain"

    @property
    def is_markdown(self) -> bool:
        """Whether backslashes in its text may be marks; those in rows of a table never are."""
        return not (self.is_plain_text or self.is_table)

    def as_said(self, text: str) -> str:
        """Return a part of its text without the backslashes of Markdown."""
        return unescaped(text) if self.is_markdown else text

    @property
    def is_main_text(self) -> bool:
        """Whether it is only the main text of a web page."""
        return self.extent == "main text"

    @property
    def is_whole_page(self) -> bool:
        """Whether it is a web page with what stands beside its content."""
        return self.extent == "whole page"

    @property
    def is_all_sheets(self) -> bool:
        """Whether it is a workbook whose sheets were read as text."""
        return self.extent == "all sheets"

    @property
    def can_be_read_again(self) -> bool:
        """Whether its text comes from a file that is there, not from the columns of a table."""
        return bool(self.original) and not (self.is_table or self.survey or self.is_archive)

    @property
    def can_be_retried(self) -> bool:
        """Whether it failed, but not because of what its file is."""
        has_failed = self.state == JobState.FAILED
        return has_failed and bool(self.original) and not self.is_unreadable

    @property
    def is_archive(self) -> bool:
        """Whether its files became documents."""
        return self.media_type == "application/zip"

    def parts(self) -> list[dict[str, Any]]:
        """Return the whole text in order: passages, and the ranges left out with their reasons.

        A long range left out, such as a sheet of a workbook, is several parts.
        """
        from generation.models.items import AsideReason, Item  # upwards: they refer to documents

        poor = Item.objects.filter(passage=OuterRef("pk"), aside_reason=AsideReason.LOW_SCORE)
        current = self.passages.filter(superseded_at=None)
        current = current.select_related("same_as__document", "excluded_by")
        current = current.defer("bands", "same_as__bands", "same_as__document__text")
        current = current.annotate(has_poor_drafts=Exists(poor))
        notes = footnotes_of(self.text)
        for row in current:  # what is set here saves a query for each
            if row.header_range:
                row.header = self.text[slice(*row.header_range)]
            row.notes = _called(row.text, notes)
        passages = [{"start": row.start, "passage": row} for row in current]
        gaps = [
            {
                **gap,
                "start": start,
                "text": self.text[start : min(gap["end"], start + LONGEST_PART)],
            }
            for gap in self.left_out
            for start in range(gap["start"], gap["end"], LONGEST_PART)
        ]
        if self.is_table:  # its rows are no Markdown, but what is left out of a workbook is
            gaps = [{**gap, "text": unescaped(gap["text"])} for gap in gaps]
        shown = [gap for gap in gaps if gap["text"].strip()]
        return sorted([*passages, *shown], key=lambda part: part["start"])

    def earlier_passages(self) -> "models.QuerySet[Passage]":
        """Return passages of an earlier cut, which stay for what people did with them."""
        return self.passages.exclude(superseded_at=None).prefetch_related("items")


# The passages whose drafting somebody cancelled.
CANCELLED = Q(state=JobState.HELD, same_as=None, excluded_at=None, superseded_at=None)


class PassageQuerySet(models.QuerySet["Passage"]):
    """Passages, filtered by project and by whether they are drafted from."""

    def in_project(self, project: Project) -> "PassageQuerySet":
        """Keep the passages of a project's documents that are not in the bin."""
        return self.filter(document__project=project, document__binned_at=None)

    def cancelled(self) -> "PassageQuerySet":
        """Keep the passages whose drafting somebody cancelled."""
        return self.filter(CANCELLED)

    def not_imported(self) -> "PassageQuerySet":
        """Leave out the passages of imported triples, since nothing is drafted from them."""
        return self.exclude(document__columns__has_key="question")


def footnotes_of(text: str) -> dict[str, str]:
    """Return the footnotes of a Markdown text, as they stand in it, by their numbers or names."""
    notes = _NOTE.finditer(text) if "[^" in text else ()
    return {note[1]: note[0].strip() for note in notes if len(note[0]) <= LONGEST_NOTE}


def _called(text: str, notes: Mapping[str, str]) -> str:
    """Return the footnotes that a part of a text calls, but for those that are in the part."""
    own = footnotes_of(text)
    calls = dict.fromkeys(_CALL.findall(text))
    return "\n\n".join(notes[call] for call in calls if call in notes and call not in own)


class EarlierText(models.Model):
    """The text that a document had before it was read again; passages kept from it are its slices.

    ``passage.text == earlier_text.text[passage.start:passage.end]``
    """

    document = models.ForeignKey(Document, models.CASCADE, related_name="earlier_texts")
    text = models.TextField()
    page_starts = ArrayField(models.PositiveIntegerField(), default=list)
    replaced_at = models.DateTimeField(auto_now_add=True)


class Passage(Job):
    """A part of a document: ``passage.text == document.text[passage.start:passage.end]``.

    If it was kept when the document was read again, it is a part of its ``earlier_text`` instead.
    """

    tasks = MODEL_TASKS

    document = models.ForeignKey(Document, models.CASCADE, related_name="passages")
    position = models.PositiveIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    text = models.TextField()
    headings = ArrayField(models.TextField(), default=list)  # outermost first
    header_start = models.PositiveIntegerField(null=True)  # of the header of the table, or the
    header_end = models.PositiveIntegerField(null=True)  # fence of the code, that it goes on with
    first_page = models.PositiveIntegerField(null=True)
    last_page = models.PositiveIntegerField(null=True)
    note = SentenceField()  # why it has fewer items or questions than were asked for
    draft_with: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict
    )  # {"model": name, task: variant's id}: replaces what is in production, for the next drafting
    bands = ArrayField(models.BigIntegerField(), default=list)  # of its MinHash signature
    same_as = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="near_duplicates"
    )  # the first of a group of near-duplicates, the only one that is drafted
    excluded_at = models.DateTimeField(null=True)
    excluded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    superseded_at = models.DateTimeField(null=True)  # it stays for its reviews or comments
    earlier_text = models.ForeignKey(EarlierText, models.RESTRICT, null=True)

    objects: ClassVar[PassageQuerySet] = PassageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(Job.Meta):
        ordering = ("document_id", "position")
        constraints = (
            models.UniqueConstraint(
                fields=("document", "position"),
                condition=Q(superseded_at=None),
                name="passage_position",
            ),
        )
        indexes = (  # type: ignore[assignment]
            *Job.Meta.indexes,
            # without the list of pending entries, which each search would go through
            GinIndex(fields=("bands",), name="passage_bands", fastupdate=False),
        )

    def whole_text(self) -> "models.QuerySet[Document] | models.QuerySet[EarlierText]":
        """Return the query for the row whose ``text`` this is a part of."""
        if self.earlier_text_id:
            return EarlierText.objects.filter(pk=self.earlier_text_id)
        return Document.everything.filter(pk=self.document_id)

    @property
    def header_range(self) -> tuple[int, int] | None:
        """The start and end of the header of the table or code that it goes on with, if it does."""
        if self.header_start is None or self.header_end is None:
            return None
        return self.header_start, self.header_end

    @cached_property
    def header(self) -> str:
        """The header of the table, or the fence of the code, that it goes on with; else empty."""
        if self.header_range is None:
            return ""
        start, end = self.header_range
        text = Substr("text", start + 1, end - start)
        return str(self.whole_text().values_list(text, flat=True).get())

    @property
    def continues_code(self) -> bool:
        """Whether it goes on with code, so that its header is the fence that opened the code."""
        return self.header.startswith(("`", "~"))

    @cached_property
    def notes(self) -> str:
        """The footnotes that it calls and that stand elsewhere; empty if there are none."""
        if not _called(self.text, dict.fromkeys(_CALL.findall(self.text), "?")):
            return ""
        return _called(
            self.text, footnotes_of(self.whole_text().values_list("text", flat=True).get())
        )

    @property
    def text_with_header(self) -> str:
        """Its text, between the header of the table that it goes on with and its footnotes.

        Offsets of what supports an answer are of this text.
        """
        text = f"{self.header}\n{self.text}" if self.header else self.text
        return f"{text}\n\n{self.notes}" if self.notes else text

    @property
    def wording(self) -> str:
        """What it says, with its header and footnotes: what is drafted from."""
        return self.document.as_said(self.text_with_header)

    @classmethod
    def withheld(cls) -> Q:
        """Return the condition for passages that no worker may draft from now."""
        stopped = Q(document__project__in=completions.stopped_projects())
        return stopped | Q(document__binned_at__isnull=False)
