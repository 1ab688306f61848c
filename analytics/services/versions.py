"""What a run has to name so that it can be repeated: our code and the libraries."""

import hashlib
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

LIBRARIES = ("numpy", "scipy", "statsmodels", "scikit-learn")
ESTIMATORS = Path(__file__).resolve().parent.parent / "estimators"


@cache
def code_version() -> str:
    """A digest of the estimators' source: equal digests mean the same calculation."""
    digest = hashlib.sha256()
    for path in sorted(ESTIMATORS.rglob("*.py")):
        digest.update(path.relative_to(ESTIMATORS).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def library_versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in LIBRARIES},
    }
