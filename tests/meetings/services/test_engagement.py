"""Points of a seat: each part, its cap, and their sum."""

import pytest

from meetings.services.engagement import Engagement, Part, engagement_of


def test_engagement_of_full_part_taking_is_one_hundred() -> None:
    result = engagement_of(attended_s=3600, length_s=3600, talked_s=0, chat_lines=9, has_rated=True)

    assert result == Engagement(
        parts=(Part("presence", 60, 60, 60), Part("chat", 9, 30, 30), Part("rating", 1, 10, 10))
    )
    assert result.points == 100


@pytest.mark.parametrize(
    ("attended_s", "points"), [(0, 0), (29, 0), (30, 1), (1800, 30), (3600, 60), (7200, 60)]
)
def test_engagement_of_presence_follows_the_share_and_is_capped(
    attended_s: int, points: int
) -> None:
    result = engagement_of(
        attended_s=attended_s, length_s=3600, talked_s=0, chat_lines=0, has_rated=False
    )

    assert result.points == points


def test_engagement_of_somebody_never_there_is_nothing() -> None:
    result = engagement_of(attended_s=0, length_s=3600, talked_s=0, chat_lines=4, has_rated=True)

    assert result == Engagement(parts=())


@pytest.mark.parametrize(
    ("talked_s", "chat_lines", "spoken"),
    [(29, 0, None), (30, 0, 5), (180, 0, 15), (3000, 0, 30), (300, 2, 20), (60, 9, 0)],
)
def test_engagement_of_talk_and_chat_share_one_cap(
    talked_s: int, chat_lines: int, spoken: int | None
) -> None:
    result = engagement_of(
        attended_s=3600, length_s=3600, talked_s=talked_s, chat_lines=chat_lines, has_rated=False
    )

    points = {part.code: part.points for part in result.parts}
    assert points.get("talk") == spoken
    assert points.get("talk", 0) + points.get("chat", 0) <= 30
