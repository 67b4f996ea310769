"""Projects that are being drafted from while a program is killed."""

import uuid

from tests.site import Site

BIRDS = iter(["stork", "crane", "goose", "robin", "eagle", "raven", "finch", "swift"])
MODELS_WORKER = "worker .*--queues models"


def text_of(bird: str, passages: int) -> str:
    """Return Markdown that is cut into so many passages, none like another or those of others."""
    return "\n\n".join(
        f"## Day {day}\n\nThe {bird}{day} of day {day} was seen {day} times. "
        + f"It flew over the {bird} and the {bird}{day}. " * 10
        for day in range(passages)
    )


def start_project(site: Site, name: str = "", passages: int = 48) -> str:
    """Start a project whose document is being drafted from; return its slug.

    Each has words of its own, or ``name``: what was asked once is not asked again.
    """
    bird = name or next(BIRDS)
    slug = f"birds-{uuid.uuid4().hex[:6]}"
    assert site.manage("create_project", "Birds", "--slug", slug).returncode == 0
    path = site.var / f"{bird}.md"
    path.write_text(text_of(bird, passages))
    done = site.manage("import_documents", slug, str(path))
    assert done.returncode == 0, done.stderr
    return slug


def is_in_the_middle(site: Site, slug: str) -> bool:
    running = """
        select count(*) from generation_passage p
        join generation_document d on d.id = p.document_id
        join qareview_project r on r.id = d.project_id
        where r.slug = %s and p.state = 'running'"""
    return site.rows(running, slug)[0][0] > 0
