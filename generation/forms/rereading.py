"""The form with which a document is read again."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from generation.models import Document
from generation.reading.file_types import HTML
from generation.reading.readings import CONTENT, MAIN_TEXT, WHOLE_PAGE


class ReadAgainForm(forms.Form):
    """How much of a web page to take, and whether to recognise the text of pictures.

    A field that does not fit the document, or that the user may not choose, is left out.
    """

    extent = forms.ChoiceField(
        choices=[
            (CONTENT, _("Content, without menus and footers")),
            (WHOLE_PAGE, _("Whole page, without menus")),
            (MAIN_TEXT, _("Main text only, as of an article")),
        ],
        label=_("How much of the page to use"),
        widget=forms.RadioSelect,
    )
    ocr = forms.BooleanField(
        required=False, label=_("Recognise text on pages that are pictures (OCR)")
    )

    def __init__(self, document: Document, data: Any = None, *, may_ask_for_ocr: bool) -> None:
        initial = {"extent": document.extent or CONTENT, "ocr": document.wants_ocr}
        super().__init__(data, initial=initial)
        if document.media_type != HTML:
            del self.fields["extent"]
        if not (may_ask_for_ocr and (document.picture_pages or document.ocr_pages)):
            del self.fields["ocr"]
        self.document = document

    def choices(self) -> dict[str, Any]:
        """Return what was chosen; what could not be chosen stays as it is."""
        document, cleaned = self.document, self.cleaned_data
        return {
            "extent": cleaned.get("extent", document.extent),
            "ocr": cleaned.get("ocr", document.wants_ocr),
        }
