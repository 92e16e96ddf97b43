"""PostgreSQL and object stores, behind the protocols of the other rooms."""
