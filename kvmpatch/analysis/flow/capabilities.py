"""Capabilities that KVM_CHECK_EXTENSION begins or ceases to answer for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kvmpatch.analysis.matching import Pair
from kvmpatch.analysis.structure import Placed
from kvmpatch.model import Capability

_ANSWERS = "kvm_vm_ioctl_check_extension"
_CASE = re.compile(r"\bcase\s+(KVM_CAP_\w+)\s*:")


def capabilities(pairs: Sequence[Pair]) -> Iterator[Capability]:
    """The cases that are new or gone; what is answered for each is not looked at."""
    for pair in pairs:
        if pair.placed.item.name != _ANSWERS or pair.before is None or pair.after is None:
            continue
        old, new = _cases(pair.before), _cases(pair.after)
        place = pair.after.path, pair.after.item.name_line
        yield from (Capability(name, False, *place) for name in new if name not in old)
        yield from (
            Capability(name, True, pair.before.path, pair.before.item.name_line) for name in old if name not in new
        )


def _cases(placed: Placed) -> dict[str, None]:
    return dict.fromkeys(_CASE.findall(placed.item.body or ""))
