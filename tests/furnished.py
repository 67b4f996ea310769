"""A project with something on each of its pages, and the addresses of all pages."""

import uuid
from collections.abc import Iterator

from django.contrib.auth.models import User
from django.urls import URLResolver, get_resolver, reverse

from generation import bin as document_bins
from generation.items import bulk_actions
from generation.models import BulkActionKind, Item, Passage, UnsentItem
from generation.releases import freezing
from generation.review import comments
from prompts import bin as prompt_bins
from prompts import candidates, case_sets, comparing, searches
from prompts.models import Prompt
from qareview import bin as bins
from qareview.encryption import encrypt
from qareview.models import AddedModel, Exchange, Invitation, JobState, ModelFetch, Project
from tests import arena, make

SURVEY = {
    "columns": ["text", "question", "answer"],
    "sample": [["The tide falls.", "What falls?", "The tide."]],
    "rows": 1,
    "guess": {"context": "text", "question": "question", "answer": "answer"},
    "sheets": ["Tides", "Gates"],
    "others": [
        {
            "columns": ["Cargo", "Fee"],
            "sample": [["Oil", "19"]],
            "rows": 1,
            "guess": {"context": "Cargo"},
            "sheets": ["Fees"],
        }
    ],
}


def furnish(admin: User) -> list[str]:
    """Make the project; return an address for every URL pattern."""
    project = make.project(admin, "Furnished")
    first, second = make.member(project), make.member(project)
    document = make.document(project)
    disputed = make.disputed(project, first, second, at=document)
    item, accepted = make.items(project, 2, flags=["unsupported"])
    Item.objects.filter(pk=item.pk).update(exchange=exchange())
    for reviewer in (first, second):
        make.accept(accepted, reviewer)
    comments.add_comment(item, first, f"@{admin} Is it high or low tide?")
    table = make.document(project, name="rows.xlsx", state=JobState.HELD, survey=SURVEY)
    gone = make.document(project)
    document_bins.bin_document(gone, admin)
    prompt = Prompt.objects.filter(project=project)[0]
    own = Prompt.objects.create(project=project, task="rhyme")
    prompt_bins.bin_prompt(own, admin)
    added = AddedModel.objects.create(
        name="big",
        backend="openai",
        url="http://gpu.example:8000/v1",
        served_name="an-organisation/a-model-with-a-long-name-70b-instruct",
        encrypted_key=encrypt("sk-secret"),
        context=32768,
        price_in="0.15",
    )
    of_hub = AddedModel.objects.create(name="of-a-hub", backend="transformers", path="/elsewhere")
    ModelFetch.objects.create(
        name=of_hub.name, hub_id="org/of-a-hub", folder="one", model=of_hub, state=JobState.DONE
    )
    failed = ModelFetch.objects.create(
        name="small", hub_id="org/small", folder="two", state=JobState.FAILED, error="It is gone."
    )
    rows = {
        "models-remove-fetched": of_hub,
        "models-fetch": failed,
        "models": added,
        "documents-columns": table,
        "documents-restore": gone,
        "documents-remove": gone,
        "documents": document,
        "passages": Passage.objects.filter(document=document)[0],
        "unsent": UnsentItem.objects.create(
            document=document, author=admin, fields={"question": "What is high tide?", "answer": ""}
        ),
        "prompts-restore": own,
        "prompts-remove": own,
        "prompts": prompt,
        "playground": prompt,
        "adjudicate": disputed,
        "inbox": admin.notices.get(project=project),
        "members-withdraw": Invitation.objects.create(project=project, created_by=admin),
        "members": project.memberships.get(user=first),
        "bulk-actions": bulk_actions.order_bulk_action(
            project,
            admin,
            BulkActionKind.ASSIGN,
            project.items.all(),
            99,
            uuid.uuid4(),
            member=first,
        ),
    }
    experiment = arena.experiment(project, 3)
    arena.prefer(experiment, first, experiment.variants.all()[1], 6)
    shown = comparing.take_next_comparison(experiment, admin)
    assert shown
    waiting = candidates.order_candidates(
        experiment.prompt, admin, seed=experiment.prompt.production, ways=["structure"], wanted=2
    )
    searches.work_off_searches()
    rows |= {
        "candidates-decide": waiting.candidates.all()[0],
        "candidates-messages": waiting.candidates.all()[0],
        "candidates-retry": waiting,
        "runs": experiment.runs.all()[0],
        "candidates": prompt,
        "experiments-new": prompt,
        "experiments": experiment,
        "case-sets": case_sets.keep_cases(experiment, "tides", admin),
        "compare": experiment,
        "results": experiment,
    }
    gone_project = make.project(admin)
    bins.bin_rows(Project.everything.filter(pk=gone_project.pk), admin)
    values = {
        "slug": project.slug,
        "number": freezing.order_release(project, admin).number,
        "token": Invitation.objects.create(project=project, created_by=admin).token,
        "kind": "reject",
        "step": "next",
        "change": "exclude",
        "name": "pause",
        "format_name": "triples",
        "rest": "",
        "promotion": 1,
        "section": "review",
    }
    addresses = [
        reverse("documents-show", args=[project.slug, table.pk]),
        *(reverse("items-show", args=[project.slug, row.pk]) for row in (disputed, accepted)),
    ]
    for name, needed in patterns(get_resolver()):
        prefix = next((prefix for prefix in rows if name.startswith(prefix)), None)
        arguments = {**values, "pk": rows[prefix].pk if prefix else item.pk}
        if name in ("compare-decide", "compare-hold"):
            arguments["token"] = shown.token
        if name == "results-export":
            arguments["format_name"] = "json"
        if name in ("project-restore", "project-remove"):
            arguments["slug"] = gone_project.slug
        addresses.append(reverse(name, kwargs={key: arguments[key] for key in needed}))
    confirmation = reverse("bulk-actions-new", args=[project.slug, "reject"])
    return [address + "?all=1" * (address == confirmation) for address in addresses]


def exchange() -> Exchange:
    """Make what was sent to a model with a chat template, and its reply, both with long lines."""
    asked = "State its main fact in one sentence. " * 40
    messages = [
        ("system", "You are brief."),
        ("user", "tide" * 90),
        ("assistant", "Yes."),
        ("user", asked),
    ]
    return Exchange.objects.create(
        key=uuid.uuid4().hex,
        model="an-organisation/a-model-with-a-long-name-70b-instruct",
        content={
            "messages": [{"role": role, "content": content} for role, content in messages],
            "prompt": "<|im_start|>system\nYou are brief.<|im_end|>\n",
            "reply": f"{'_' * 90}\n\nThe tide falls.<|im_end|>",
            "parameters": {"max_tokens": 80, "temperature": 0, "seed": 1},
        },
        tokens_in=1234,
        tokens_out=5,
        milliseconds=1234,
        cut_off=True,
    )


def patterns(
    resolver: URLResolver, outer: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the name of every pattern that has one, with the names of its values."""
    for pattern in resolver.url_patterns:
        inner = getattr(pattern.pattern, "converters", None) or pattern.pattern.regex.groupindex
        needed = (*outer, *inner)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, needed)
        elif pattern.name:
            yield pattern.name, needed
