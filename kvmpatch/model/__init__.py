"""The values that rooms hand to each other: plain, immutable and, but for `Text`, free of language.

A module is read when one of its names is first asked for: the report's alone take 40 ms, which a question about a
register need not wait for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kvmpatch.model.changes import (
        AccessBefore,
        Aspect,
        Basis,
        BitBefore,
        BitUse,
        CallChange,
        Change,
        ChangeBefore,
        CsrAccess,
        ExtensionRole,
        Guard,
        GuardKind,
        Happened,
        Kind,
        Lines,
        MemberBefore,
        MemberChange,
        Side,
    )
    from kvmpatch.model.explain import (
        EXPLAIN_SCHEMA,
        Explanation,
        FactSource,
        FieldPlace,
        GuestPhase,
        Known,
        KnownBit,
        KnownCode,
        KnownCsr,
        KnownExtension,
        KnownGuard,
        KnownNumber,
        KnownWord,
        NotThere,
        RegisterField,
        Remark,
        SetForGuest,
        ValueIn,
    )
    from kvmpatch.model.explain_tree import Definition, Introduced, TreeFacts, TreeName, UsePlace
    from kvmpatch.model.flow import (
        AskedOfAnother,
        Callback,
        Capability,
        EarlyReturn,
        Factored,
        FlowFacts,
        LostStatement,
        Move,
        OnlyOred,
        Reordered,
        Stay,
        TestCount,
        Unplaced,
    )
    from kvmpatch.model.messages import (
        Commit,
        FixesPointer,
        Message,
        SeriesPlace,
        Signature,
        StableMark,
        Trailer,
        UpstreamPointer,
    )
    from kvmpatch.model.patches import (
        FileBefore,
        FileChange,
        FilePatch,
        Hunk,
        Patch,
        Warning,
    )
    from kvmpatch.model.report import (
        REPORT_SCHEMA,
        Asked,
        CommitName,
        Effect,
        Evidence,
        Frequency,
        History,
        HistoryEntry,
        MovedFrom,
        PhaseChange,
        Reason,
        Relation,
        Report,
        Searched,
        Section,
        Series,
        Statement,
    )
    from kvmpatch.model.support import (
        SUPPORT_SCHEMA,
        BroughtBy,
        SupportCell,
        SupportColumn,
        SupportDifference,
        SupportRef,
        SupportReport,
        SupportRow,
    )

_MODULES = ("messages", "patches", "changes", "report", "flow", "explain", "explain_tree", "support")

__all__ = [
    "EXPLAIN_SCHEMA",
    "REPORT_SCHEMA",
    "SUPPORT_SCHEMA",
    "AccessBefore",
    "Asked",
    "AskedOfAnother",
    "Aspect",
    "Basis",
    "BitBefore",
    "BitUse",
    "BroughtBy",
    "CallChange",
    "Callback",
    "Capability",
    "Change",
    "ChangeBefore",
    "Commit",
    "CommitName",
    "CsrAccess",
    "Definition",
    "EarlyReturn",
    "Effect",
    "Evidence",
    "Explanation",
    "ExtensionRole",
    "FactSource",
    "Factored",
    "FieldPlace",
    "FileBefore",
    "FileChange",
    "FilePatch",
    "FixesPointer",
    "FlowFacts",
    "Frequency",
    "Guard",
    "GuardKind",
    "GuestPhase",
    "Happened",
    "History",
    "HistoryEntry",
    "Hunk",
    "Introduced",
    "Kind",
    "Known",
    "KnownBit",
    "KnownCode",
    "KnownCsr",
    "KnownExtension",
    "KnownGuard",
    "KnownNumber",
    "KnownWord",
    "Lines",
    "LostStatement",
    "MemberBefore",
    "MemberChange",
    "Message",
    "Move",
    "MovedFrom",
    "NotThere",
    "OnlyOred",
    "Patch",
    "PhaseChange",
    "Reason",
    "RegisterField",
    "Relation",
    "Remark",
    "Reordered",
    "Report",
    "Searched",
    "Section",
    "Series",
    "SeriesPlace",
    "SetForGuest",
    "Side",
    "Signature",
    "StableMark",
    "Statement",
    "Stay",
    "SupportCell",
    "SupportColumn",
    "SupportDifference",
    "SupportRef",
    "SupportReport",
    "SupportRow",
    "TestCount",
    "Trailer",
    "TreeFacts",
    "TreeName",
    "Unplaced",
    "UpstreamPointer",
    "UsePlace",
    "ValueIn",
    "Warning",
]


def __getattr__(name: str) -> object:
    """A name of one of the modules.

    Raises:
        AttributeError: none of them has it.
    """
    if name in __all__:
        for module in _MODULES:
            held = vars(import_module(f"kvmpatch.model.{module}"))
            if name in held:
                globals()[name] = held[name]
                return held[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
