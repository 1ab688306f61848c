"""Which connections are kept, by rules alone."""

import pytest

from vmcrm.web_server.doorkeeper import Doorkeeper, Fault, Limits, Phase, Visit, group_of

LIMITS = Limits(
    head_within_s=10,
    body_within_s=20,
    slowest_body_bytes_per_s=500,
    reads_within_s=30,
    closes_within_s=10,
    waiting_per_address=2,
    waiting=4,
    per_address=5,
    total=9,
)


class Line:
    """A connection that remembers why it was ended."""

    def __init__(self) -> None:
        self.closing = self.unread = self.held = False
        self.fault: Fault | None = None

    def is_closing(self) -> bool:
        return self.closing

    def is_unread(self) -> bool:
        return self.unread

    def is_held(self) -> bool:
        return self.held

    def end(self, fault: Fault) -> None:
        self.fault, self.closing = fault, True


@pytest.fixture
def keeper() -> Doorkeeper:
    return Doorkeeper(LIMITS)


def come(keeper: Doorkeeper, group: str = "a", phase: Phase = Phase.WAITING) -> Visit:
    visit = Visit(group, Line(), since=0.0)
    assert keeper.enter(visit)
    keeper.turn(visit, phase, 0.0)
    return visit


def faults(*visits: Visit) -> list[Fault | None]:
    return [visit.connection.fault for visit in visits]


def test_of_too_many_waiting_from_one_address_the_oldest_makes_room(keeper):
    first, second, other = come(keeper), come(keeper), come(keeper, "b")

    third = come(keeper)

    assert faults(first, second, third, other) == [Fault.CROWDED, None, None, None]


def test_of_too_many_waiting_the_oldest_of_the_largest_group_makes_room(keeper):
    lone, first, second, third = (come(keeper, group) for group in ("a", "b", "b", "c"))

    newest = come(keeper, "d")

    assert faults(lone, first, second, third, newest) == [None, Fault.CROWDED, None, None, None]


def test_connection_at_work_is_never_crowded_out(keeper):
    working = [come(keeper, phase=Phase.ANSWERING), come(keeper, phase=Phase.SOCKET)]

    come(keeper), come(keeper), come(keeper)

    assert faults(*working) == [None, None]


def test_one_address_is_refused_above_its_share_and_others_are_let_in(keeper):
    for _ in range(LIMITS.per_address):
        come(keeper, phase=Phase.SOCKET)

    assert keeper.enter(Visit("a", Line(), since=0.0)) is False
    assert keeper.enter(Visit("b", Line(), since=0.0)) is True
    assert keeper.ended == {Fault.FULL: 1}


def test_nobody_is_let_in_above_the_total_until_somebody_leaves(keeper):
    visits = [come(keeper, str(number), Phase.SOCKET) for number in range(LIMITS.total)]
    late = Visit("z", Line(), since=0.0)
    assert keeper.enter(late) is False

    keeper.leave(visits[0])
    keeper.leave(visits[0])

    assert keeper.enter(late) is True
    assert keeper.visits == LIMITS.total


def test_proxies_connections_are_limited_by_the_total_alone(keeper):
    for number in range(LIMITS.total):
        come(keeper, "", Phase.SOCKET if number else Phase.WAITING)

    assert keeper.enter(Visit("", Line(), since=0.0)) is False


@pytest.mark.parametrize(
    ("phase", "received", "kept_at", "ended_at", "fault"),
    [
        (Phase.WAITING, 4_000, 10, 10.1, Fault.LATE_HEAD),
        (Phase.RECEIVING, 0, 20, 20.1, Fault.LATE_BODY),
        (Phase.RECEIVING, 10_000, 40, 40.1, Fault.LATE_BODY),
    ],
)
def test_peer_that_takes_too_long_is_ended(keeper, phase, received, kept_at, ended_at, fault):
    visit = come(keeper, phase=phase)
    visit.received_bytes = received

    keeper.sweep(kept_at)
    kept = faults(visit)
    keeper.sweep(ended_at)

    assert (kept, faults(visit)) == ([None], [fault])


@pytest.mark.parametrize("phase", [Phase.ANSWERING, Phase.SOCKET])
def test_time_that_the_answer_takes_is_not_the_peers(keeper, phase):
    visit = come(keeper, phase=phase)

    keeper.sweep(3_600)

    assert faults(visit) == [None]


def test_body_that_we_do_not_read_is_not_late(keeper):
    visit = come(keeper, phase=Phase.RECEIVING)
    visit.connection.held = True
    keeper.sweep(100)
    visit.connection.held = False

    keeper.sweep(119)

    assert faults(visit) == [None]


def test_next_request_on_a_kept_connection_has_its_own_time(keeper):
    visit = come(keeper)
    keeper.turn(visit, Phase.ANSWERING, 9)
    keeper.turn(visit, Phase.WAITING, 50)

    keeper.sweep(60)

    assert faults(visit) == [None]


@pytest.mark.parametrize("phase", [Phase.ANSWERING, Phase.SOCKET])
def test_peer_that_reads_nothing_is_ended_and_one_that_reads_on_is_not(keeper, phase):
    stuck, slow = come(keeper, phase=phase), come(keeper, phase=phase)
    stuck.connection.unread = slow.connection.unread = True
    keeper.sweep(1)
    slow.connection.unread = False
    keeper.sweep(20)
    slow.connection.unread = True

    keeper.sweep(32)

    assert faults(stuck, slow) == [Fault.NOT_READING, None]


def test_connection_that_never_finishes_closing_is_cut_and_forgotten(keeper):
    visit = come(keeper)
    keeper.sweep(11)  # too late: it is told so
    keeper.sweep(12)
    visit.connection.fault = None

    keeper.sweep(23)

    assert faults(visit) == [Fault.NOT_CLOSING]
    assert keeper.visits == 0


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_ipv6_counts_by_network(address, group):
    assert group_of(address) == group


@pytest.mark.parametrize("descriptors", [64, 1_024, 4_096, 65_536])
def test_limits_fit_the_descriptors_and_leave_some_to_others(descriptors):
    limits = Limits.fit(descriptors)

    assert limits.total <= max(16, descriptors - 256)
    assert limits.waiting_per_address < limits.waiting < limits.total
    assert limits.per_address < limits.total
