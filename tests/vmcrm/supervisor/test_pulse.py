"""Standing still, busy, or only just started."""

import pytest

from vmcrm.supervisor.pulse import BUSY_WITHIN_S, SILENT_WITHIN_S, Pulse


def watch(
    pulse: Pulse,
    signs: list[object],
    *,
    from_s: float = 0.0,
    step_s: float = 1.0,
    load: float = 0.0,
) -> list[bool]:
    """One look a step; `load` is the share of a core that the part uses."""
    moments = [from_s + number * step_s for number in range(len(signs))]
    return [
        pulse.look(sign, now_s=now_s, processor_s=now_s * load)
        for sign, now_s in zip(signs, moments, strict=True)
    ]


def test_part_that_gives_signs_is_left_alone():
    assert not any(watch(Pulse(), list(range(600))))


def test_silent_and_idle_part_stands_still_after_its_time():
    verdicts = watch(Pulse(), [1, 2, *[2] * 12])

    assert verdicts.index(True) == 1 + SILENT_WITHIN_S + 1


@pytest.mark.parametrize("load", [0.02, 1.0], ids=["starved", "at full load"])
def test_silent_part_that_computes_has_longer(load):
    verdicts = watch(Pulse(), [1, 2, *[2] * 70], load=load)

    assert verdicts.index(True) == 1 + BUSY_WITHIN_S + 1


def test_part_that_froze_while_it_was_busy_has_no_longer_for_that():
    pulse = Pulse()
    watch(pulse, [1, 2])

    verdicts = [pulse.look(2, now_s=now_s, processor_s=min(now_s, 2.5)) for now_s in range(2, 70)]

    assert verdicts.index(True) < 3 * SILENT_WITHIN_S


def test_busy_part_that_comes_back_is_left_alone():
    assert not any(watch(Pulse(), [1, *[2] * 50, *range(3, 20)], load=1.0))


@pytest.mark.parametrize("sign", [None, 7], ids=["no file yet", "file of the one before"])
def test_part_that_starts_slowly_has_longer(sign):
    verdicts = watch(Pulse(), [sign] * 70)

    assert verdicts.index(True) == BUSY_WITHIN_S + 1


def test_silence_while_the_supervisor_was_stopped_does_not_count():
    pulse = Pulse()
    watch(pulse, [1, 2])

    assert watch(pulse, [2, 2, 2], from_s=3_600) == [False, False, False]


def test_excused_silence_counts_anew():
    pulse = Pulse()
    watch(pulse, [1, 2, *[2] * 11])

    pulse.excuse()

    assert watch(pulse, [2] * 11, from_s=13).index(True) == SILENT_WITHIN_S
