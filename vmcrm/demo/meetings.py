"""Four meetings of the past, one of each kind, two whose door is open, and one to come."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from crm.models import Activity, Contact, Delivery, Market, User
from crm.services import activities
from meetings.models import (
    ChatMessage,
    Meeting,
    PresenceInterval,
    Registration,
    Seat,
    TalkTime,
)
from meetings.services import (
    access,
    closing,
    planning,
    ratings,
    registration,
    tokens,
    verification,
)
from vmcrm.demo.team import DOMAIN


@dataclass(frozen=True)
class History:
    """One meeting of the past: how many registered and what share of them came and rated."""

    kind: str
    title: str
    description: str
    host: str
    days_ago: int
    registered: int
    came: float
    mean_rating: int


PAST = (
    History(
        "launch",
        "Lumen Pocket: ultrasound for every practice",
        "We show the new Lumen Pocket, scan live and answer your questions.",
        "anna",
        62,
        46,
        0.72,
        4,
    ),
    History(
        "research",
        "What clinics expect of portable ultrasound",
        "A discussion with practitioners about needs, prices and service.",
        "anna",
        41,
        24,
        0.83,
        4,
    ),
    History(
        "partner",
        "经销商季度会议",
        "回顾上季度的进展，讨论市场变化和下一步计划。",
        "chen",
        27,
        14,
        0.93,
        5,
    ),
    History(
        "training",
        "心脏超声入门培训",
        "从探头握法到标准切面，适合刚开始使用 Lumen Pocket 的医生。",
        "chen",
        13,
        38,
        0.66,
        4,
    ),
)
LINES = (
    "Could you show the abdominal preset again?",
    "How long does the battery last?",
    "Great picture quality.",
    "Is there a trade-in offer?",
    "请问支持哪些探头？",
    "价格包含培训吗？",
    "谢谢，讲得很清楚。",
    "When does the service plan start?",
)
GUESTS_SPEAK = {"research", "partner"}
# Whoever signs in, here or there, finds a meeting to walk into. The last one is named at the start.
OPEN_HOUSES = {
    "chen": ("开放日：走进 Lumen 团队", "大门全天敞开，欢迎进来看看，和我们聊一聊。"),
    "anna": (
        "Open house: meet the Lumen team",
        "The door is open all day. Come in, look around and talk to us.",
    ),
}
OPEN_SINCE_MIN = 5
OPEN_FOR_H = 8
INVITED_TO_OPEN_MEETING = 3


def create_meetings(
    random: Random,
    now: datetime,
    users: dict[str, User],
    contacts: list[Contact],
    markets: dict[tuple[str, str], Market],
) -> None:
    """Everything through the services; only the clock of the past ones is turned back."""
    for history in PAST:
        _create_past(random, now, history, users[history.host], contacts, markets)
    for name in OPEN_HOUSES:
        _create_open(random, now, users[name], contacts)
    _create_upcoming(now, users["chen"])


def _create_past(
    random: Random,
    now: datetime,
    history: History,
    host: User,
    contacts: list[Contact],
    markets: dict[tuple[str, str], Market],
) -> None:
    own = [contact for contact in contacts if contact.owner_id == host.pk]
    meeting = _plan(
        host,
        kind=history.kind,
        title=history.title,
        description=history.description,
        starts_at=now + timedelta(days=1),
        length_min=60,
        market=random.choice(list(markets.values())),
        capacity=history.registered + 20,
    )
    guests = random.sample(own, k=min(history.registered, len(own)))
    registrations = [_register(meeting, guest, is_verified=True) for guest in guests]
    # They were asked to confirm weeks ago; the outbox of today starts without those mails.
    Delivery.objects.filter(subject_ref=meeting.subject_ref).delete()
    _turn_back(meeting, _working_hour(now, history.days_ago))
    for row in registrations:
        if random.random() < history.came:
            _attend(random, meeting, row.seat, history)
    _talk(meeting, host, history)
    closing.close_meeting(meeting=meeting)


def find_hosts_without_open_house(now: datetime) -> list[User]:
    """Whose door has closed, in the order in which the doors are opened."""
    addresses = [f"{name}@{DOMAIN}" for name in OPEN_HOUSES]
    open_now = Meeting.objects.listed().filter(starts_at__lte=now)
    hosts = User.objects.filter(email__in=addresses).exclude(pk__in=open_now.values("host"))
    return sorted(hosts, key=lambda host: addresses.index(host.email))


def find_open_meeting(now: datetime) -> Meeting | None:
    """A meeting of the demo company whose door is open."""
    ours = Meeting.objects.filter(host__email__endswith=f"@{DOMAIN}")
    return ours.listed().filter(starts_at__lte=now).first()


def hold_open_house(now: datetime, host: User) -> Meeting:
    """A meeting that anybody may enter now."""
    title, description = OPEN_HOUSES[host.email.partition("@")[0]]
    return _plan(
        host,
        kind="partner",
        title=title,
        description=description,
        starts_at=now - timedelta(minutes=OPEN_SINCE_MIN),
        length_min=OPEN_FOR_H * 60,
        visibility="public",
    )


def _create_open(random: Random, now: datetime, host: User, contacts: list[Contact]) -> None:
    meeting = hold_open_house(now, host)
    own = [contact for contact in contacts if contact.owner_id == host.pk]
    for guest in random.sample(own, k=INVITED_TO_OPEN_MEETING):
        _register(meeting, guest, is_verified=False)


def _create_upcoming(now: datetime, host: User) -> None:
    _plan(
        host,
        kind="launch",
        title="Lumen Cart 新品发布会",
        description="新一代推车式超声：更清晰的图像，更安静的风扇，更轻的机身。",
        starts_at=_working_hour(now, -6),
        length_min=60,
        visibility="public",
    )


def _plan(host: User, *, length_min: int, starts_at: datetime, **fields: object) -> Meeting:
    meeting = planning.new_meeting(
        host=host,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=length_min),
        time_zone=host.time_zone,
        **fields,  # type: ignore[arg-type]
    )
    return planning.plan(planned_by=host, meeting=meeting)


def _register(meeting: Meeting, contact: Contact, *, is_verified: bool) -> Registration:
    point = contact.points.get(kind="email")
    registration.register(
        meeting=meeting,
        person=registration.Person(
            name=contact.name,
            email=point.value,
            company_name=contact.company.name if contact.company else "",
            language=contact.language,
            time_zone=contact.time_zone,
            consents=("recording",),
        ),
        provenance=registration.Provenance(),
        client=f"demo {contact.pk}",
    )
    row = Registration.objects.get(meeting=meeting, contact_point=point)
    return verification.verify(token=tokens.personal_token(row)) if is_verified else row


def _turn_back(meeting: Meeting, starts_at: datetime) -> None:
    ends_at = starts_at + meeting.length
    Meeting.objects.filter(pk=meeting.pk).update(
        starts_at=starts_at,
        ends_at=ends_at,
        went_live_at=starts_at,
        ended_at=ends_at,
        state="ended",
        created_at=starts_at - timedelta(days=14),
    )
    Registration.objects.filter(meeting=meeting).update(
        registered_at=starts_at - timedelta(days=6), verified_at=starts_at - timedelta(days=6)
    )
    Activity.objects.filter(subject_ref=meeting.subject_ref).update(
        occurred_at=starts_at - timedelta(days=6)
    )
    guests = meeting.registrations.values_list("contact_point__contact", flat=True)
    activities.recompute_last_activity(contact_ids=[pk for pk in guests if pk is not None])
    meeting.refresh_from_db()


def _attend(random: Random, meeting: Meeting, seat: Seat, history: History) -> None:
    length_min = meeting.length_min
    joined = meeting.starts_at + timedelta(minutes=random.randrange(0, 12))
    stayed = timedelta(minutes=random.randrange(3, length_min))
    left = min(meeting.ends_at, joined + stayed)
    PresenceInterval.objects.create(
        seat=seat, joined_at=joined, left_at=left, seen_at=left, reason="left"
    )
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        meeting.room_sequence += 1
        ChatMessage.objects.create(
            meeting=meeting,
            seat=seat,
            client_id=uuid.UUID(int=random.getrandbits(128), version=4),
            text=random.choice(LINES),
            sequence=meeting.room_sequence,
            sent_at=joined + (left - joined) / 2,
        )
    Meeting.objects.filter(pk=meeting.pk).update(room_sequence=meeting.room_sequence)
    if random.random() < 0.6:
        rating = max(1, min(5, round(random.gauss(history.mean_rating, 0.8))))
        ratings.rate(seat=seat, rating=rating)


def _talk(meeting: Meeting, host: User, history: History) -> None:
    """The host is there all the time and does most of the talking; guests speak where they may.

    Dice of its own: the rest of the demo stays as it was before talk was counted.
    """
    dice = Random(history.title)  # noqa: S311 - only varies the demo
    seat = access.ensure_host_seat(meeting=meeting, user=host)
    span = {"joined_at": meeting.starts_at, "left_at": meeting.ends_at, "seen_at": meeting.ends_at}
    PresenceInterval.objects.create(seat=seat, reason="ended", **span)
    shares = {seat: (dice.uniform(0.35, 0.6), meeting.length.total_seconds())}
    if history.kind in GUESTS_SPEAK:
        stays = PresenceInterval.objects.filter(seat__registration__meeting=meeting)
        for stay in stays.select_related("seat"):
            length_s = (stay.left_at - stay.joined_at).total_seconds() if stay.left_at else 0.0
            shares[stay.seat] = (dice.choice((0.0, 0.02, 0.05, 0.1)), length_s)
    TalkTime.objects.bulk_create(
        TalkTime(seat=seat, tally="demo", talked_s=round(share * length_s, 1))
        for seat, (share, length_s) in shares.items()
    )


def _working_hour(now: datetime, days_ago: int) -> datetime:
    """Nine o'clock UTC on a weekday `days_ago` days before `now`."""
    day = now.astimezone(UTC) - timedelta(days=days_ago)
    while day.weekday() >= 5:
        day += timedelta(days=1) if days_ago < 0 else timedelta(days=-1)
    return day.replace(hour=9, minute=0, second=0, microsecond=0)
