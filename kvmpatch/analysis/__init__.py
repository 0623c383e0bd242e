"""Values to facts: structural changes, register accesses, execution flow, history."""
