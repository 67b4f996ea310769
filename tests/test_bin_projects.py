"""Projects and prompts in the bin."""

from typing import Any

import pytest

from generation import bin as bins
from generation.drafting import drafting
from generation.models import Document, Item, Passage, Release, ReleaseRow, Review
from generation.releases import freezing
from prompts import bin as prompt_bins
from prompts.models import Prompt, Variant
from qareview import bin as all_bins
from qareview import jobs
from qareview.models import Invitation, JobState, Membership, Project, Role, StoredCompletion
from tests import make
from tests.conftest import Team
from tests.test_bin import days_pass
from tests.web import page, told


def put(team: Team, browse: Any) -> Any:
    return browse(team.admin).post(f"{team.url}/settings/bin/", {"typed": "Harbour"})


def test_a_whole_cycle_of_a_project(team: Team, browse: Any) -> None:
    item = make.item(team.project)
    make.accept(item, team.reviewer)
    invitation = Invitation.objects.create(project=team.project, created_by=team.admin)
    client = browse(team.admin)
    settings = page(client.get(f"{team.url}/settings/"))
    assert "Move project to the bin</button>" in settings
    for typed in ("", "harbour"):
        refused = client.post(f"{team.url}/settings/bin/", {"typed": typed})
        assert "Move Harbour to the bin" in page(refused, 422)
    assert Project.objects.filter(pk=team.project.pk).exists()

    response = put(team, browse)
    assert response.url == "/"
    assert told(response) == ["Harbour and everything in it have been moved to the bin."]
    assert put(team, browse).url == "/"  # a second click
    for who in (team.admin, team.engineer, team.reviewer, team.stranger):
        for place in ("", "review/", "items/", f"items/{item.pk}/", "releases/", "bin/"):
            assert browse(who).get(f"{team.url}/{place}").status_code == 404, (who, place)
    assert browse(team.stranger).get(f"/invitations/{invitation.token}/").status_code == 404
    listed = page(client.get("/"))
    assert "In the bin" in listed
    assert f'action="{team.url}/restore/"' in listed
    assert "Harbour" not in page(browse(team.engineer).get("/"))

    assert browse(team.stranger).post(f"{team.url}/restore/").status_code == 404
    assert browse(team.engineer).post(f"{team.url}/restore/").status_code == 403
    response = client.post(f"{team.url}/restore/")
    assert response.url == f"{team.url}/"
    assert told(response)[-1] == "Harbour and everything in it have been restored."
    assert "accepted" in page(browse(team.reviewer).get(f"{team.url}/items/{item.pk}/"))
    assert told(client.post(f"{team.url}/restore/"))[-1] == "Harbour is not in the bin."


def test_the_installations_admins_restore_any_project(team: Team, browse: Any) -> None:
    client = browse(make.user(is_superuser=True))
    assert client.post(f"{team.url}/restore/").status_code == 404
    put(team, browse)
    assert "Harbour" in page(client.get("/"))
    assert client.post(f"{team.url}/restore/").url == "/"
    assert "In the bin" not in page(client.get("/"))
    assert Project.objects.filter(pk=team.project.pk).exists()


def test_its_slug_stays_taken(team: Team, browse: Any) -> None:
    put(team, browse)
    assert make.project(name="Harbour").slug == "harbour-2"


def test_workers_do_nothing_for_it(team: Team, browse: Any) -> None:
    document = make.document(team.project)
    Document.objects.filter(pk=make.document(team.project).pk).update(state=JobState.QUEUED)
    make.accept(make.item(team.project), team.reviewer)
    freezing.order_release(team.project)
    put(team, browse)
    jobs.sweep()
    for kind in jobs.job_kinds():
        assert jobs.claim(kind, 9) == [], kind
    browse(team.admin).post(f"{team.url}/restore/")
    drafting.work_off_passages()
    freezing.work_off_releases()
    assert Item.objects.filter(document=document).count() == 2
    assert Release.objects.get().state == JobState.DONE


def filled(team: Team) -> None:
    """Give a project one of everything."""
    make.document(team.project)
    drafting.work_off_passages()
    make.accept(team.project.items.all()[0], team.reviewer)
    freezing.order_release(team.project)
    freezing.work_off_releases()
    bins.bin_document(make.document(team.project), team.engineer)
    own(team)


def test_it_goes_for_good_after_its_days(team: Team, browse: Any) -> None:
    filled(team)
    assert StoredCompletion.objects.exists()
    put(team, browse)
    bins.empty_bin()
    assert Project.everything.filter(pk=team.project.pk).exists()
    days_pass()
    assert browse(team.admin).post(f"{team.url}/restore/").url == "/"
    bins.empty_bin()
    assert [project.name for project in Project.everything.all()] == ["Elsewhere"]
    for kind in (Item, Document):
        assert not kind.everything.exists()
    for kind in (Passage, Review, Release, ReleaseRow, StoredCompletion):
        assert not kind.objects.exists()
    assert not Membership.objects.filter(user=team.admin).exists()


def test_its_admin_removes_it_now(team: Team, browse: Any) -> None:
    filled(team)
    put(team, browse)
    client = browse(team.admin)
    asked = page(client.get(f"{team.url}/remove/"))
    for loss in ("2 documents", "4 passages", "2 items", "1 review by 1 person", "1 release"):
        assert f"<li>{loss}</li>" in asked
    assert told(client.post(f"{team.url}/remove/")) == ["Harbour has been permanently deleted."]
    assert "In the bin" not in page(client.get("/"))
    bins.empty_bin()
    assert not Project.everything.filter(pk=team.project.pk).exists()


def test_a_project_with_a_bin_is_not_the_only_page(team: Team, browse: Any) -> None:
    Membership.objects.create(
        project=make.project(name="Orchard"), user=team.admin, role=Role.REVIEWER
    )
    put(team, browse)
    listed = page(browse(team.admin).get("/"))
    assert listed.index("Orchard") < listed.index("In the bin") < listed.index("Harbour")


# Prompts


def own(team: Team) -> Prompt:
    """Give a project a prompt of the team's own."""
    prompt = Prompt.objects.create(project=team.project, task="translate")
    prompt.production = Variant.objects.create(prompt=prompt, number=1, template="{{ passage }}")
    prompt.save()
    return prompt


def test_a_prompt_of_the_pipeline_stays(team: Team, browse: Any) -> None:
    prompt = Prompt.objects.get(project=team.project, task="ask")
    response = browse(team.engineer).post(f"{team.url}/prompts/{prompt.pk}/bin/")
    assert told(response) == [
        "The prompt “ask” is needed for drafting, so you cannot move it to the bin."
    ]
    assert Prompt.objects.filter(pk=prompt.pk).exists()
    assert "Move to the bin" not in page(browse(team.engineer).get(f"{team.url}/prompts/"))


def test_a_prompt_of_ones_own_goes_and_comes_back(team: Team, browse: Any) -> None:
    prompt, client = own(team), browse(team.engineer)
    assert "Move to the bin" in page(client.get(f"{team.url}/prompts/"))
    response = client.post(f"{team.url}/prompts/{prompt.pk}/bin/")
    assert told(response) == ["The prompt “translate” has been moved to the bin."]
    assert f'action="{team.url}/prompts/{prompt.pk}/restore/"' in page(client.get(response.url))
    assert client.get(f"{team.url}/prompts/{prompt.pk}/").status_code == 404
    assert "Prompt “translate”" in page(client.get(f"{team.url}/bin/"))
    response = client.post(f"{team.url}/prompts/{prompt.pk}/restore/")
    assert told(response)[-1] == "The prompt “translate” has been restored."
    prompt.refresh_from_db()
    assert (prompt.binned_at, prompt.production.number) == (None, 1)


def test_a_prompt_does_not_come_back_beside_another(team: Team) -> None:
    first = own(team)
    prompt_bins.bin_prompt(first, team.engineer)
    own(team)
    with pytest.raises(prompt_bins.CannotMove, match="There is already another prompt “translate”"):
        prompt_bins.restore_prompt(first)
    assert Prompt.everything.get(pk=first.pk).is_in_bin


def test_a_prompt_goes_for_good_unless_it_wrote_something(team: Team, browse: Any) -> None:
    prompt = own(team)
    prompt_bins.bin_prompt(prompt, team.engineer)
    client, address = browse(team.admin), f"{team.url}/prompts/{prompt.pk}/remove/"
    assert "<li>1 variant</li>" in page(client.get(address))
    item = make.item(team.project)
    Item.objects.update(variant=prompt.production)
    assert told(client.post(address)) == ["The prompt “translate” has been permanently deleted."]
    assert "The bin is empty." in page(client.get(f"{team.url}/bin/"))
    bins.empty_bin()
    assert Prompt.everything.get(pk=prompt.pk).production == prompt.production
    all_bins.bin_rows(Document.objects.filter(pk=item.document_id), team.admin)
    days_pass()
    bins.empty_bin()
    assert not Prompt.everything.filter(pk=prompt.pk).exists()
