"""The presenter's picture moves and its beep is heard once a second."""

import asyncio
import time

import numpy as np

from vmcrm.demo.broadcast import FRAMES_PER_S, SAMPLES_PER_S, Beep, Picture


async def take(track, count):
    return [await track.recv() for _ in range(count)]


async def test_picture_has_seven_bars_and_moves_in_real_time():
    started = time.monotonic()

    first, *_others, last = await take(Picture(), FRAMES_PER_S // 3 + 1)

    took_s = time.monotonic() - started
    colours = {tuple(pixel) for pixel in first.to_ndarray(format="bgr24")[100, 20::90]}
    assert len(colours) == 7
    assert (first.to_ndarray(format="gray8") != last.to_ndarray(format="gray8")).any()
    assert float(last.pts * last.time_base) == 1 / 3
    assert 0.3 < took_s < 3


async def test_beep_is_loud_at_the_beginning_of_a_second_and_silent_after():
    async with asyncio.timeout(10):
        frames = await take(Beep(), 50)

    sound = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
    assert len(sound) == SAMPLES_PER_S
    assert np.abs(sound[:4_800]).max() > 2_500
    assert np.abs(sound[9_600:]).max() == 0
