"""Bytes to values: messages, diffs, C, assembly, Kconfig."""
