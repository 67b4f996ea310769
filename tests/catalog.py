"""``make messages`` updates the German catalogs from the messages in the sources.

New messages are added without a translation, unused ones are removed, and the catalogs are
compiled. Django's own command needs GNU gettext on the machine; Babel does the same in Python.
"""

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "qareview" / "locale" / "de" / "LC_MESSAGES"
DOMAINS = {  # of each catalog, what it is read from
    "django": ("*.py", "templates/*.html"),
    "djangojs": ("static/*.js",),
}
SAYING = ("qareview/", "generation/", "prompts/", "templates/", "static/")
# which function takes a message at which place, in Babel's notation
FUNCTIONS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "stored": None,
}


def sources(*patterns: str) -> list[Path]:
    """Return the files of the app that match a pattern, as git knows them."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    names = sorted({name for name in listed.stdout.splitlines() if name.startswith(SAYING)})
    return [ROOT / name for name in names if (ROOT / name).exists()]


def _as_python(path: Path) -> str:
    """Return a template as the calls that its tags for messages stand for, among blind words."""
    lines = templatize(path.read_text(), origin=str(path)).splitlines()
    return "\n".join(line.lstrip() for line in lines)


def found(domain: str) -> Catalog:
    """Return every message that the sources of a domain hold, without translations."""
    catalog = Catalog(project="QAReview", charset="utf-8")
    for path in sources(*DOMAINS[domain]):
        text = _as_python(path) if path.suffix == ".html" else path.read_text()
        language = "javascript" if path.suffix == ".js" else "python"
        for _, message, _, context in extract(
            language, io.BytesIO(text.encode()), keywords=FUNCTIONS
        ):
            catalog.add(message, context=context, locations=[(str(path.relative_to(ROOT)), 0)])
    return catalog


def kept(domain: str) -> Catalog:
    """Return the German catalog of a domain as it is kept."""
    with (FOLDER / f"{domain}.po").open("rb") as file:
        return read_po(file, locale="de", domain=domain)


def untranslated(catalog: Catalog) -> Iterator[str]:
    for message in catalog:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and (message.fuzzy or not all(texts)):
            yield message.id if isinstance(message.id, str) else message.id[0]


def compiled(catalog: Catalog) -> bytes:
    written = io.BytesIO()
    write_mo(written, catalog)
    return written.getvalue()


def main() -> None:
    for domain in DOMAINS:
        catalog = kept(domain)
        made_at = catalog.creation_date
        catalog.update(found(domain), no_fuzzy_matching=True)
        catalog.creation_date = made_at  # so that nothing changes where nothing changed
        catalog.obsolete.clear()
        with (FOLDER / f"{domain}.po").open("wb") as file:
            write_po(
                file, catalog, width=100, sort_output=True, omit_header=False, include_lineno=False
            )
        (FOLDER / f"{domain}.mo").write_bytes(compiled(kept(domain)))
        missing = list(untranslated(catalog))
        print(f"{domain}: {len(catalog)} messages, {len(missing)} to be translated")  # noqa: T201
        for message in missing:
            print(f"  {message}")  # noqa: T201


if __name__ == "__main__":
    main()
