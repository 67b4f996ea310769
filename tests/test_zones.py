"""Times are shown in a person's own zone, and say in which."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from generation.models import Notice
from qareview import bin as bins
from qareview.models import OwnZone, Project
from tests import make
from tests.conftest import Team
from tests.web import page, told

Browse = Callable[[User], Client]
MOMENT = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)  # the next day in Berlin


@pytest.fixture
def reader(team: Team, browse: Browse) -> Client:
    """Give the client of somebody whose inbox has a notice of that moment."""
    notice = make.notice(make.item(team.project), team.reviewer)
    Notice.objects.filter(pk=notice.pk).update(created_at=MOMENT)
    return browse(team.reviewer)


def in_zone(client: Client, zone: str) -> Client:
    client.cookies["zone"] = zone
    return client


def inbox(client: Client, team: Team) -> str:
    return page(client.get(f"{team.url}/inbox/"))


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("", "30 June 2026, 22:30 UTC"),
        ("Europe/Berlin", "1 July 2026, 00:30 CEST"),
        ("America/Sao_Paulo", "30 June 2026, 19:30 -03"),
        ("Middle/Earth", "30 June 2026, 22:30 UTC"),
        ("../../etc/passwd", "30 June 2026, 22:30 UTC"),
    ],
)
def test_times_are_those_of_the_browser_and_name_their_zone(
    team: Team, reader: Client, zone: str, shown: str
) -> None:
    assert shown in inbox(in_zone(reader, zone), team)
    assert timezone.get_current_timezone_name() == "UTC"  # nothing is left for the next request


def test_a_person_chooses_another_zone_for_all_browsers(
    team: Team, reader: Client, browse: Browse
) -> None:
    response = in_zone(reader, "Europe/Berlin").post("/accounts/time-zone/", {"zone": "Asia/Tokyo"})
    assert told(response) == ["Your time zone is saved."]
    for client in (reader, browse(team.reviewer)):
        assert "1 July 2026, 07:30 JST" in inbox(client, team)
    text = page(reader.get("/accounts/time-zone/"))
    assert "JST. All times, and figures by day," in text
    assert "the browser’s (Europe/Berlin)" in text
    assert '<option value="Asia/Tokyo" selected>' in text
    reader.post("/accounts/time-zone/", {"zone": ""})
    assert "00:30 CEST" in inbox(reader, team)
    assert not OwnZone.objects.exists()


def test_a_zone_that_is_none_is_refused(reader: Client) -> None:
    answer = reader.post("/accounts/time-zone/", {"zone": "Middle/Earth"})
    assert "Select a valid choice" in page(answer, 422)
    assert not OwnZone.objects.exists()


def test_the_zone_of_a_person_costs_no_query(
    team: Team, reader: Client, django_assert_num_queries: Any
) -> None:
    with CaptureQueriesContext(connection) as before:
        inbox(reader, team)
    OwnZone.objects.create(user=team.reviewer, name="Asia/Tokyo")
    with django_assert_num_queries(len(before)):
        assert "JST" in inbox(reader, team)


def test_a_zone_that_is_no_longer_known_is_passed_over(team: Team, reader: Client) -> None:
    OwnZone.objects.create(user=team.reviewer, name="Middle/Earth")
    assert "22:30 UTC" in inbox(reader, team)


def test_the_list_of_projects_has_its_times_in_the_persons_zone(team: Team, browse: Browse) -> None:
    bins.bin_rows(Project.everything.filter(pk=team.project.pk), team.admin)
    Project.everything.filter(pk=team.project.pk).update(binned_at=MOMENT)
    OwnZone.objects.create(user=team.admin, name="Asia/Tokyo")
    assert "1 July 2026, 07:30 JST" in page(browse(team.admin).get("/"))


def test_figures_by_day_go_by_each_persons_days_and_say_so(team: Team, browse: Browse) -> None:
    make.accept(make.item(team.project), team.reviewer)
    for who, zone in ((team.admin, "Pacific/Kiritimati"), (team.engineer, "Etc/GMT+12")):
        with timezone.override(zone):  # the two are always on different days
            today = date_format(timezone.localdate(), "MONTH_DAY_FORMAT")
        text = page(in_zone(browse(who), zone).get(f"{team.url}/progress/"))
        assert f"Days begin at midnight in {zone}." in text
        assert re.search(rf"Decisions by day, [^<]* to {today}\b", text)
        [decided] = re.findall(rf"{today}</(?:th|td)>\s*<td[^>]*>(\d+)", text)
        assert decided == "1"
