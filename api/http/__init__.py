"""What every request passes: access, limits, uploads, connections, errors as problem documents."""
