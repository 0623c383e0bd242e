"""One file a command: gathers the facts that the command shows."""
