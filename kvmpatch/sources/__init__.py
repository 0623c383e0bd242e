"""The world read in: git repositories, mailboxes, the miniature history."""
