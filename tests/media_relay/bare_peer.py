"""A participant made by hand: invited, able to prove it to ICE, and free to send what it likes."""

import re
import socket
from dataclasses import dataclass

from aioice import stun

from media_relay import protocol
from tests.media_relay.peers import ROOM, Peer, Tone
from tests.media_relay.relay_process import ControlClient

CHECK_LIMIT_S = 2.0


@dataclass
class Invitation:
    """What the relay's answer and the own offer say of ICE."""

    username: str  # RFC 8445 section 7.2.2
    password: str

    def check(self) -> bytes:
        """An authentic connectivity check that nominates its pair."""
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = self.username
        message.attributes["PRIORITY"] = 1
        message.attributes["ICE-CONTROLLING"] = 1
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(self.password.encode())
        message.add_fingerprint()
        return bytes(message)


async def invite(client: ControlClient, name: str) -> Invitation:
    """Join and publish a microphone, without a packet being sent yet."""
    peer = Peer(name, client)
    await peer.join()
    peer.publishing.addTrack(Tone())
    offer = await peer.publishing.createOffer()
    answer = await client.do(
        protocol.PublishOffer,
        room=ROOM,
        participant=name,
        sdp=offer.sdp,
        sources={"0": "microphone"},
    )
    assert isinstance(answer, protocol.PublishAnswer)
    await peer.close()
    theirs, own = ice_of(answer.sdp), ice_of(offer.sdp)
    return Invitation(username=f"{theirs[0]}:{own[0]}", password=theirs[1])


def ice_of(sdp: str) -> tuple[str, str]:
    """The username fragment and the password in a description."""
    ufrag, password = (
        re.search(rf"^a=ice-{name}:(\S+)", sdp, re.MULTILINE) for name in ("ufrag", "pwd")
    )
    assert ufrag is not None
    assert password is not None
    return ufrag[1], password[1]


def authenticate(sender: socket.socket, invitation: Invitation) -> None:
    """Have the relay take this socket for the participant's; `sender` is connected to the relay."""
    sender.settimeout(CHECK_LIMIT_S)
    sender.send(invitation.check())
    answer = stun.parse_message(sender.recv(2_000))
    assert answer.message_class is stun.Class.RESPONSE
