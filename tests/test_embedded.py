"""The private servers: started, shared, restarted, and stopped when nobody needs them."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qareview.machine import embedded
from tests.site import ROOT, Site, until

ASK = "import os; from qareview.machine import embedded; embedded.ensure(); print(os.environ['{}'])"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Site]:
    """A fresh folder, in which single commands start the servers for themselves."""
    made = Site(tmp_path / "var")
    made.var.mkdir()
    yield made
    until(lambda: made.pids("") == [], 30)  # whatever a test started has ended


def run(folder: Site, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=folder.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_command_alone_starts_the_servers_and_they_end_with_it(folder: Site) -> None:
    ask_database(folder, "CREATE TABLE kept AS SELECT 7")
    until(lambda: folder.pids("") == [], 30)
    assert ask_database(folder, "TABLE kept") == "(7,)"  # the database is the one from before


def ask_database(folder: Site, query: str) -> str:
    done = folder.manage(
        *("shell", "-v", "0", "-c"),
        "from django.db import connection; cursor = connection.cursor(); "
        f"cursor.execute({query!r}); print(cursor.fetchone() if cursor.description else '')",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_first_command_in_a_fresh_folder_sets_the_database_up(folder: Site) -> None:
    done = folder.manage("status", "sample")
    assert done.returncode == 1
    assert done.stderr == "CommandError: No project is called “sample”. There are: none yet.\n"


def test_another_database_is_not_migrated_by_the_way(folder: Site) -> None:
    first = holder(folder)
    assert first.stdout is not None
    folder.environment["DATABASE_URL"] = first.stdout.readline().strip()
    done = folder.manage("status", "sample")
    assert done.stderr == (
        "CommandError: The database is not up to date. Run “manage.py migrate” first.\n"
    )
    end(first)


def test_two_programs_share_the_servers(folder: Site) -> None:
    first = holder(folder)
    assert first.stdout is not None
    address = first.stdout.readline().strip()
    assert run(folder, ASK.format("DATABASE_URL")) == address
    # While PostgreSQL starts a process of its own, that one has the same command line.
    until(lambda: len(folder.pids(r"bin/postgres -D")) == 1, 10)
    end(first)


def holder(folder: Site) -> "subprocess.Popen[str]":
    """A program that needs the database until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-u", "-c", ASK.format("DATABASE_URL") + "; input()"],
        cwd=ROOT,
        env=folder.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def end(program: "subprocess.Popen[str]") -> None:
    program.kill()
    program.communicate()


def test_a_half_done_cluster_never_looks_finished(folder: Site) -> None:
    left_over = folder.var / "services" / "postgres.new"
    left_over.mkdir(parents=True)
    (left_over / "PG_VERSION").write_text("18\n")
    assert run(folder, ASK.format("DATABASE_URL")).startswith("postgresql://")
    assert not left_over.exists()


def test_a_stale_pid_file_is_not_trusted(folder: Site) -> None:
    run(folder, ASK.format("DATABASE_URL"))
    until(lambda: folder.pids("") == [], 30)
    stale = folder.var / "services" / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n/elsewhere\n0\n1\n\n\n\nready\n")
    assert run(folder, ASK.format("DATABASE_URL")).startswith("postgresql://")


def test_a_killed_keeper_takes_its_servers_along_and_is_replaced(folder: Site) -> None:
    first = holder(folder)
    assert first.stdout is not None
    first.stdout.readline()
    folder.kill("qareview.machine.servers")
    until(lambda: folder.pids(r"bin/postgres -D|valkey-server") == [], 30)
    assert run(folder, ASK.format("DATABASE_URL")).startswith("postgresql://")
    end(first)


def test_only_loopback_is_listened_at_and_the_password_is_random(folder: Site) -> None:
    first = holder(folder)
    assert first.stdout is not None
    first.stdout.readline()
    ready = json.loads((folder.var / "services" / "ready.json").read_text())
    assert {url.split("@")[1].split(":")[0] for url in ready["urls"].values()} == {"127.0.0.1"}
    assert listening(folder) == {"0100007F"}
    password = ready["urls"]["REDIS_URL"].split(":")[2].split("@")[0]
    assert len(password) >= 24
    mode = (folder.var / "services" / "ready.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert password not in "".join(
        Path(f"/proc/{pid}/cmdline").read_text() for pid in folder.pids("")
    )
    end(first)


def listening(folder: Site) -> set[str]:
    """Return the addresses, in hexadecimal, at which this folder's servers listen."""
    inodes = set()
    for pid in folder.pids("postgres|valkey"):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            name = str(link.readlink()) if link.is_symlink() else ""
            inodes |= {name[8:-1]} if name.startswith("socket:[") else set()
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}


def test_given_addresses_are_used_and_nothing_is_started(folder: Site) -> None:
    folder.environment |= {"DATABASE_URL": "postgresql://u@db.example/x", "REDIS_URL": "redis://r"}
    assert run(folder, ASK.format("DATABASE_URL")) == "postgresql://u@db.example/x"
    assert not (folder.var / "services").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give up its rights")
def test_root_works_in_a_folder_closed_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    folder = Site(closed / "var")
    folder.var.mkdir()
    assert run(folder, ASK.format("DATABASE_URL")).startswith("postgresql://")
    until(lambda: folder.pids("") == [], 30)


def test_ctrl_c_to_the_keeper_alone_is_clean(folder: Site) -> None:
    first = holder(folder)
    assert first.stdout is not None
    first.stdout.readline()
    os.kill(folder.pids("qareview.machine.servers")[0], signal.SIGTERM)
    until(lambda: folder.pids(r"bin/postgres -D|valkey-server") == [], 30)
    end(first)


def test_a_log_that_grows_is_begun_again_while_a_program_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QAREVIEW_VAR", str(tmp_path))
    monkeypatch.setattr(embedded, "LARGEST_LOG", 20)
    path = tmp_path / "log" / "web.log"
    path.parent.mkdir()
    with path.open("a", buffering=1) as log:
        for lines in (["one"], ["one", "of many lines"], ["more of the many lines"]):
            log.write("".join(f"{line}\n" for line in lines))
            embedded.begin_large_logs_again()
        log.write("after\n")
    assert path.read_text() == "after\n"
    assert path.with_suffix(".log.1").read_text() == "more of the many lines\n"
    assert embedded.log_end("web") == "after"
