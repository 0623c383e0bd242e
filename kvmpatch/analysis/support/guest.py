"""The bits of henvcfg and hstateen that KVM sets for a guest, found in its code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvmpatch import knowledge
from kvmpatch.analysis.support.tree import NO, NO_FILE, NOT_APPLICABLE, Place, Seen, Tree
from kvmpatch.analysis.uses import BitSeen, uses_in
from kvmpatch.model import GuardKind

_REGISTERS = ("henvcfg", "henvcfgh", "hstateen")
_HINT = re.compile(r"henvcfg|HENVCFG|hstateen|HSTATEEN|ENVCFG_|STATEEN0_")


class GuestSide:
    """The bits that KVM sets, by the extension that they are for."""

    def __init__(self, tree: Tree) -> None:
        self.there = bool(tree.kvm_files())
        self.bits: dict[str, list[Place]] = {}
        for path in tree.kvm_files():
            if not _HINT.search(tree.code(path).decode("latin-1")):
                continue
            outline = tree.outline(path)
            for item in outline.functions():
                if not _HINT.search(item.body or ""):
                    continue
                for use in uses_in(outline, item, path).bits:
                    if use.use == "set" and _governs_guests(use):
                        place = tree.place(path, use.line)
                        for extension in dict.fromkeys(_for_extensions(use)):
                            named = Place(place.path, place.line, f"{use.macro} in {item.name}()")
                            self.bits.setdefault(extension, []).append(named)

    def guest_bits(self, extension: str) -> Seen:
        """Whether a bit is set for guests that have an extension; not applicable where none would be."""
        places = self.bits.get(extension)
        if places:
            return Seen(True, tuple(dict.fromkeys(places)))
        if not _has_bit(extension):
            return NOT_APPLICABLE
        return NO if self.there else NO_FILE


def _governs_guests(use: BitSeen) -> bool:
    return len(use.registers) == 1 and use.registers[0].startswith(_REGISTERS)


def _for_extensions(use: BitSeen) -> Iterator[str]:
    """The extensions for which a bit is set: those that the guest is asked for, else the host, else its owner's."""
    for kind in (GuardKind.GUEST, GuardKind.HOST):
        asked = [guard.text for guard in use.guards if guard.kind is kind and not guard.negated]
        found = [name for text in asked if (name := knowledge.guard_extension(text))]
        if found:
            yield from found
            return
    bit = knowledge.bit(use.macro)
    place = bit.in_register(use.registers[0]) if bit else None
    yield from place.extensions if place else ()


def _has_bit(extension: str) -> bool:
    """Whether a register that governs guests has a bit that an extension puts there."""
    known = knowledge.extension(extension)
    if known is None:
        return False
    if any(extension in bit.guest_has for bit in knowledge.guest_bits() if bit.register.startswith(_REGISTERS)):
        return True
    return any(
        place.register.startswith(_REGISTERS) and extension in place.extensions
        for bit in knowledge.bits_from(known.name)
        for place in bit.places
    )
