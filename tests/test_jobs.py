"""The job engine: every change of a job's state, and what a lease protects."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from generation.models import Document, Passage
from qareview import jobs, leases
from qareview.backends import ModelUnavailable
from qareview.models import JobState, Project, Worker
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make.project()


@pytest.fixture(autouse=True)
def _worker_name() -> Iterator[None]:
    jobs.worker_name = "tester"
    yield
    jobs.worker_name = "nobody"


def queue(project: Project, count: int = 1, **values: object) -> list[Document]:
    return [make.document(project, state=JobState.QUEUED, **values) for _ in range(count)]


def states() -> list[str]:
    return list(Document.objects.order_by("id").values_list("state", flat=True))


def lose_the_lease() -> None:
    Document.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_claim_takes_the_oldest_and_no_more_than_asked(project: Project) -> None:
    rows = queue(project, 3)
    claimed = jobs.claim(Document, 2)
    assert [row.pk for row in claimed] == [rows[0].pk, rows[1].pk]
    assert states() == ["running", "running", "queued"]
    assert {row.attempts for row in claimed} == {1}
    assert claimed[0].lease.startswith("tester/")


def test_finishing_marks_done_and_stores_in_one_transaction(project: Project) -> None:
    queue(project)
    rows = jobs.claim(Document, 1)
    with jobs.finishing(rows):
        Document.objects.filter(pk=rows[0].pk).update(text="read")
    row = Document.objects.get()
    assert (row.state, row.text, row.lease) == (JobState.DONE, "read", "")
    assert row.finished_at is not None


def test_a_lost_lease_stores_nothing(project: Project) -> None:
    queue(project)
    rows = jobs.claim(Document, 1)
    lose_the_lease()
    jobs.sweep()
    with pytest.raises(jobs.LeaseLost), jobs.finishing(rows):
        pytest.fail("the body must not run")
    assert states() == ["queued"]


def test_what_lost_its_lease_goes_back_twice_and_then_fails(project: Project) -> None:
    queue(project)
    for expected in (*["queued"] * 5, "failed"):
        assert len(jobs.claim(Document, 1)) == 1
        lose_the_lease()
        jobs.sweep()
        assert states() == [expected]
    assert "crashed 3 times while working on this" in Document.objects.get().error


def test_what_was_lost_with_others_three_times_comes_alone(project: Project) -> None:
    queue(project, 2, attempts=3)
    queue(project, 3, attempts=2)
    assert [len(jobs.claim(Document, 5)) for _ in range(3)] == [3, 1, 1]


def test_fresh_rows_come_before_those_left_behind(project: Project) -> None:
    old = queue(project, 1, attempts=2)[0]
    fresh = queue(project, 1)[0]
    assert [row.pk for row in jobs.claim(Document, 1)] == [fresh.pk]
    assert [row.pk for row in jobs.claim(Document, 1)] == [old.pk]


def test_leases_of_a_dead_worker_are_returned_at_once(project: Project) -> None:
    queue(project, 2)
    jobs.claim(Document, 1)
    jobs.worker_name = "tester-2"
    jobs.claim(Document, 1)
    jobs.release_leases_of("tester")
    assert states() == ["queued", "running"]


def test_work_off_goes_on_until_nothing_is_queued(project: Project) -> None:
    queue(project, 5)
    sizes: list[int] = []

    def work(rows: list[Document]) -> None:
        sizes.append(len(rows))
        with jobs.finishing(rows):
            pass

    jobs.work_off(Document, 2, work)
    assert sizes == [2, 2, 1]
    assert set(states()) == {"done"}


def test_a_failed_job_says_why_and_the_next_is_done(project: Project) -> None:
    first, _ = queue(project, 2)

    def work(rows: list[Document]) -> None:
        if rows[0].pk == first.pk:
            raise jobs.JobFailed("The file is empty.")
        with jobs.finishing(rows):
            pass

    jobs.work_off(Document, 1, work)
    assert states() == ["failed", "done"]
    first.refresh_from_db()
    assert first.error == "The file is empty."


def test_what_cannot_be_done_now_waits_and_the_trouble_is_told(project: Project) -> None:
    queue(project)

    def work(rows: list[Document]) -> None:
        raise jobs.CannotWorkNow("The model is missing. Run “make setup”.")

    jobs.work_off(Document, 1, work)
    row = Document.objects.get()
    assert (row.state, row.attempts) == (JobState.QUEUED, 0)
    assert jobs.worker_trouble(project.pk) == "The model is missing. Run “make setup”."
    row.delete()
    jobs.work_off(Document, 1, work)
    assert jobs.worker_trouble(project.pk) == ""


def test_the_trouble_of_one_kind_of_jobs_is_told_although_another_kind_is_done(
    project: Project,
) -> None:
    queue(project)
    make.item(project)

    def refuse(rows: list[Document]) -> None:
        raise jobs.CannotWorkNow("The model is missing.")

    def finish(rows: list[Passage]) -> None:
        with jobs.finishing(rows):
            pass

    Passage.objects.update(state=JobState.QUEUED)
    jobs.work_off(Document, 1, refuse)
    jobs.work_off(Passage, 9, finish)
    assert not Passage.objects.exclude(state=JobState.DONE)
    assert jobs.worker_trouble(project.pk) == "The model is missing."


def test_what_lost_the_database_is_worked_on_as_soon_as_it_is_back(project: Project) -> None:
    queue(project, 2)
    seen = []

    def lose_it_once(rows: list[Document]) -> None:
        seen.append([row.attempts for row in rows])
        if len(seen) == 1:
            raise OperationalError("server closed the connection unexpectedly")
        with jobs.finishing(rows):
            pass

    with pytest.raises(OperationalError):
        jobs.work_off(Document, 2, lose_it_once)
    assert states() == ["running", "running"]
    jobs.work_off(Document, 2, lose_it_once)
    assert states() == ["done", "done"]
    assert seen == [[1, 1], [2, 2]]


def test_alike_jobs_are_worked_on_together(project: Project) -> None:
    for name in ("b", "a", "b", "a"):
        queue(project, name=name)
    groups: list[list[str]] = []

    def work(rows: list[Document]) -> None:
        groups.append([row.name for row in rows])

    jobs.work_in_groups(jobs.claim(Document, 4), lambda row: row.name, work)
    assert groups == [["a", "a"], ["b", "b"]]


def test_a_group_without_its_model_waits_and_the_others_are_worked_on(project: Project) -> None:
    for name in ("c", "b", "a"):
        queue(project, name=name)

    def work(rows: list[Document]) -> None:
        if rows[0].name != "c":
            raise ModelUnavailable(f"The model of {rows[0].name} is missing.")
        with jobs.finishing(rows):
            pass

    jobs.work_off(Document, 3, lambda rows: jobs.work_in_groups(rows, lambda row: row.name, work))
    assert states() == ["done", "queued", "queued"]
    assert jobs.worker_trouble(project.pk) == "The model of b is missing."


def test_retry_only_of_what_failed(project: Project) -> None:
    failed = make.document(project, state=JobState.FAILED, error="It broke.", attempts=3)
    done = make.document(project)
    assert jobs.retry_job(failed) is True
    assert jobs.retry_job(done) is False
    failed.refresh_from_db()
    assert (failed.state, failed.attempts, failed.error) == (JobState.QUEUED, 0, "")
    assert failed.finished_at is None


def test_silent_workers_are_told_of() -> None:
    assert "No worker has responded" in jobs.worker_trouble(0)
    jobs.report_worker("")
    assert jobs.worker_trouble(0) == ""
    Worker.objects.update(heard_at=timezone.now() - timedelta(minutes=1))
    assert "No worker has responded" in jobs.worker_trouble(0)
    assert jobs.worker_trouble(0).endswith("check the logs in var/log.")  # each worker has its own


def test_renewing_keeps_a_lease_beyond_its_time(
    transactional_db: None, project: Project, settings: object
) -> None:
    settings.LEASE_SECONDS = 0.4  # type: ignore[attr-defined]
    queue(project)
    rows = jobs.claim(Document, 1)
    with leases.renewing(rows):
        began = timezone.now()
        while timezone.now() < began + timedelta(seconds=1):
            jobs.sweep()
            assert states() == ["running"]
    with jobs.finishing(rows):
        pass
    assert states() == ["done"]
