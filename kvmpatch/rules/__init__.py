"""Judgements: one file a rule, with its words and its authority."""
