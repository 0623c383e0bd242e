"""The target does not build what the patch brings: a configuration symbol or a makefile line is missing.

`#ifdef CONFIG_X` and IS_ENABLED(CONFIG_X) of a symbol that nobody defines are silently false, and a source that no
makefile names is silently left out. Authority: Documentation/kbuild/kconfig-language.rst and makefiles.rst.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.model import Evidence
from kvmpatch.model.backport import Risk
from kvmpatch.rules.risks import risk

NO_SYMBOL, NOT_BUILT = "config-undefined", "not-built"


def no_symbol(name: str, evidence: Sequence[Evidence]) -> Risk:
    """A symbol that no Kconfig file of the target defines."""
    return risk(
        NO_SYMBOL,
        "warning",
        f"CONFIG_{name} 在目标的 Kconfig 中没有定义：依赖它的代码不会编译",
        f"no Kconfig file of the target defines CONFIG_{name}: what depends on it is left out",
        evidence,
    )


def not_built(path: str, evidence: Sequence[Evidence]) -> Risk:
    """A source that no makefile of the target names."""
    return risk(
        NOT_BUILT,
        "warning",
        f"目标的 Makefile 里没有 {path} 的目标文件，上游有：它不会被编译",
        f"no makefile of the target names the object of {path}, as upstream's does: it is not built",
        evidence,
    )
