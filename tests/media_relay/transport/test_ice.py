"""Connectivity checks: authentic ones are answered, nothing else gets a single byte."""

from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from media_relay.transport.ice import Credentials, IceLite, Verdict, read_check

SOURCE = ("192.0.2.7", 4_711)


def check(
    credentials: Credentials,
    *,
    remote: str = "peer",
    role: str = "ICE-CONTROLLING",
    nominates: bool = False,
) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{credentials.ufrag}:{remote}"
    message.attributes["PRIORITY"] = 1
    message.attributes[role] = 5
    if nominates:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(credentials.password.encode())
    return bytes(message)


def judge(agent: IceLite, datagram: bytes) -> Verdict | None:
    read = read_check(datagram)
    assert read is not None
    return agent.judge(read, SOURCE)


def test_judge_authentic_check_is_answered_with_the_mapped_address() -> None:
    agent = IceLite(remote_ufrag="peer")

    verdict = judge(agent, check(agent.local))

    assert verdict is not None
    reply = stun.parse_message(verdict.reply)
    assert (verdict.is_accepted, verdict.is_nominated) == (True, False)
    assert reply.message_class == stun.Class.RESPONSE
    assert reply.attributes["XOR-MAPPED-ADDRESS"] == SOURCE
    assert reply.check_message_integrity(agent.local.password.encode())


def test_judge_use_candidate_nominates() -> None:
    agent = IceLite(remote_ufrag="peer")

    verdict = judge(agent, check(agent.local, nominates=True))

    assert verdict is not None
    assert verdict.is_nominated


def test_judge_wrong_password_is_not_answered() -> None:
    agent = IceLite(remote_ufrag="peer")
    stolen = Credentials(agent.local.ufrag, "x" * 32)

    assert judge(agent, check(stolen)) is None


def test_judge_without_integrity_is_not_answered() -> None:
    agent = IceLite(remote_ufrag="peer")
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{agent.local.ufrag}:peer"

    assert judge(agent, bytes(message)) is None


def test_judge_other_remote_fragment_is_not_answered_once_known() -> None:
    agent = IceLite()
    early = check(agent.local, remote="stranger")

    assert judge(agent, early) is not None
    agent.remote_ufrag = "peer"
    assert judge(agent, early) is None


def test_judge_peer_that_believes_it_is_controlled_is_told_to_switch() -> None:
    agent = IceLite(remote_ufrag="peer")

    verdict = judge(agent, check(agent.local, role="ICE-CONTROLLED", nominates=True))

    assert verdict is not None
    assert (verdict.is_accepted, verdict.is_nominated) == (False, False)
    assert stun.parse_message(verdict.reply).error_code == 487


def test_restart_old_credentials_end_with_the_new_nomination() -> None:
    agent = IceLite(remote_ufrag="peer")
    old = check(agent.local)
    agent.restart("again")

    assert judge(agent, old) is not None
    assert judge(agent, check(agent.local, remote="again")) is not None
    assert judge(agent, old) is not None
    assert judge(agent, check(agent.local, remote="again", nominates=True)) is not None
    assert judge(agent, old) is None


@given(st.binary(max_size=200))
def test_read_check_any_bytes_raise_nothing(data: bytes) -> None:
    read_check(data)


@given(st.binary(max_size=120))
def test_read_check_any_attributes_raise_nothing(body: bytes) -> None:
    head = b"\x00\x01" + len(body).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + bytes(12)

    read_check(head + body)


@given(st.data())
def test_judge_mutated_check_is_never_accepted(data: st.DataObject) -> None:
    agent = IceLite(remote_ufrag="peer")
    datagram = bytearray(check(agent.local))
    # Up to the integrity value; the FINGERPRINT behind it is not authenticated.
    position = data.draw(st.integers(0, len(datagram) - 9))
    datagram[position] ^= data.draw(st.integers(1, 255))

    read = read_check(bytes(datagram))

    assert read is None or agent.judge(read, SOURCE) is None
