"""Ends what an earlier supervisor left running when it was killed.

Every part carries a mark in its environment that names the folder it works for; children inherit
it. Looking for the mark finds them all and never touches a process of somebody else.
"""

from contextlib import suppress
from pathlib import Path

import psutil

MARK = "VMCRM_SUPERVISED"
PATIENCE_S = 3.0


def end_leftovers(home: Path) -> int:
    """Ends the processes that still work for `home`; says how many there were."""
    processes = [process for process in psutil.process_iter() if _works_for(process, home)]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE_S)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=PATIENCE_S)
    return len(processes)


def _works_for(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get(MARK) == str(home)
    except (psutil.Error, OSError):
        return False
