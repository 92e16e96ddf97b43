"""What the commands share: options, output, progress, errors and exit codes."""
