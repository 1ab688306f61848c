"""How a description tells the peer to reach one connection: the same for offers and answers."""

from media_relay.sdp.write import TransportLines
from media_relay.transport.connection import Connection
from media_relay.transport.endpoint import MediaEndpoint


def transport_lines(endpoint: MediaEndpoint, connection: Connection, *, setup: str) -> list[str]:
    """Credentials, fingerprint and candidates; `setup` says who begins DTLS (RFC 8842)."""
    credentials = connection.ice.local
    return TransportLines(
        ufrag=credentials.ufrag,
        password=credentials.password,
        fingerprint=endpoint.fingerprint(connection),
        setup=setup,
        candidates=endpoint.candidates,
        tcp_candidates=endpoint.tcp_candidates,
    ).lines()
