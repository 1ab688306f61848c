"""Coverage-guided fuzzing of one reader, for an evening; no part of the test suite.

    pip install atheris
    python -m tests.media_relay.fuzz_atheris rtp -max_total_time=600

The targets are those of fuzz_targets.py; options after the name go to libFuzzer. It begins with
the samples and keeps what it finds in `fuzz-corpus/<target>/`.
"""

import sys
from pathlib import Path

import atheris  # type: ignore[import-not-found]  # installed by hand, where a wheel exists

with atheris.instrument_imports(include=["media_relay"]):
    from tests.media_relay.fuzz_targets import TARGETS, samples


def main() -> None:
    target = sys.argv[1] if len(sys.argv) > 1 else ""
    if target not in TARGETS:
        sys.exit(f"Name one of: {', '.join(sorted(TARGETS))}")
    corpus = Path("fuzz-corpus") / target
    corpus.mkdir(parents=True, exist_ok=True)
    for number, sample in enumerate(samples(target)):
        (corpus / f"sample-{number}").write_bytes(sample)
    atheris.Setup([sys.argv[0], str(corpus), *sys.argv[2:]], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
