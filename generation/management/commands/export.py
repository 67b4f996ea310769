import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from generation.models import Release
from generation.releases import exports
from qareview.management.base import ProjectCommand
from qareview.models import JobState, Project


class Command(ProjectCommand):
    help = "Write a release into a folder: a file per split, a manifest and a card."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("release", help="its number, or “latest”")
        parser.add_argument("--format", choices=exports.FORMATS, default="triples")
        parser.add_argument("--output", type=Path, required=True, metavar="DIR")

    def work(self, project: Project, **options: Any) -> None:
        release = self._release(project, options["release"])
        folder: Path = options["output"]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _remove_earlier_export(folder)
            with (
                exports.zip_file(release, options["format"]) as file,
                zipfile.ZipFile(file) as archive,
            ):
                archive.extractall(folder)
                manifest = json.loads(archive.read("manifest.json"))
        except OSError as error:
            raise CommandError(f"{folder}: {error.strerror}") from error
        for name, facts in manifest["files"].items():
            self.stdout.write(f"{folder / name}: {facts['rows']} rows")
        for warning in manifest["warnings"]:
            self.stderr.write(warning)

    def _release(self, project: Project, number: str) -> Release:
        frozen = project.releases.filter(state=JobState.DONE).select_related("project")
        if number != "latest":
            frozen = frozen.filter(number=int(number) if number.isdecimal() else -1)
        release = frozen.order_by("-number").first()
        if release is None:
            which = "release" if number == "latest" else f"release {number}"
            raise CommandError(f"{project.name} has no {which} that is ready.")
        return release


def _remove_earlier_export(folder: Path) -> None:
    """Delete the split files that an earlier manifest names, so that two releases never mix."""
    with suppress(FileNotFoundError, ValueError, KeyError):
        for name in json.loads((folder / "manifest.json").read_text())["files"]:
            (folder / Path(name).name).unlink(missing_ok=True)  # never outside of the folder
