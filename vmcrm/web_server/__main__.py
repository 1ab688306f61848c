"""`python -m vmcrm.web_server`: serves pages and rooms until SIGTERM or SIGINT."""

import argparse

from django.conf import settings

from vmcrm.asgi import application  # before settings are read: people wait less than workers
from vmcrm.descriptors import raise_limit
from vmcrm.web_server.doorkeeper import Limits
from vmcrm.web_server.server import make_server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m vmcrm.web_server", description=__doc__)
    parser.add_argument("--host", default=settings.HTTP_HOST)
    parser.add_argument("--port", type=int, default=settings.HTTP_PORT)
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="serve https")
    options = parser.parse_args()
    make_server(
        application,
        host=options.host,
        port=options.port,
        limits=Limits.fit(raise_limit()),
        trusted_proxies=settings.TRUSTED_PROXIES,
        tls_files=tuple(options.tls) if options.tls else None,
    ).run()


if __name__ == "__main__":
    main()
