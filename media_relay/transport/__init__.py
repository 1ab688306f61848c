"""From datagrams to decrypted packets and back: sockets, ICE, DTLS, SRTP. Knows no rooms."""
