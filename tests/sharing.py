"""How ``make test`` distributes the tests among processes.

A unit is a file, so that its fixtures are set up only once. The files of the browser tests are one
unit, because they share a running QAReview, but for one that begins with an empty installation. The
longest units begin first, so that at the end no
process runs a long one while the others have nothing to do.
"""

import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = "tests/browser"
ALONE = "tests/browser/test_models.py"
# What takes longest, the longest first.
LONGEST = (
    TOGETHER,
    ALONE,
    "tests/test_whole.py",
    "tests/test_killed_often.py",
    "tests/test_hostile_files.py",
    "tests/test_access.py",
    "tests/test_backends.py",
    "tests/test_embedded.py",
    "tests/test_many_reviewers.py",
    "tests/test_openai.py",
    "tests/test_large_files.py",
)
MOST = 6  # the longest unit takes as long, however many share the rest


def unit(nodeid: str) -> str:
    path = nodeid.split("::", 1)[0]
    return TOGETHER if path.startswith(f"{TOGETHER}/") and path != ALONE else path


class ByUnit(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByUnit:
    config.option.loadscopereorder = False  # by the number of tests, which tells little
    return ByUnit(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, since some tests wait for a browser or a server."""
    return min(len(os.sched_getaffinity(0)) + 1, MOST)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(unit(item.nodeid), len(order)))
