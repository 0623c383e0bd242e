"""What ran when: the effects that a commit's functions have, phase by phase, before and after."""

from __future__ import annotations

from kvmpatch.analysis.flow.compare import flow_of
from kvmpatch.analysis.flow.program import Program

__all__ = ["Program", "flow_of"]
