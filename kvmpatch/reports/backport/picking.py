"""What picking a commit onto the target gives, and why it conflicts where it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvmpatch.model.backport import Pick

if TYPE_CHECKING:
    from kvmpatch.reports.backport.target import Target
    from kvmpatch.reports.related.center import Center
    from kvmpatch.reports.related.request import Patience


class Picker:
    """Picks commits onto the target as it stands, in a throw-away place."""

    def __init__(self, target: Target, patience: Patience) -> None:
        self.target = target
        self.patience = patience
        self._made: dict[str, str] = {}

    def pick(self, center: Center) -> Pick:
        """The pick of one commit alone, each conflict with its reasons."""
        picked = self.target.repository.pick(center.id, self.target.standing)
        if picked.commit and picked.state == "clean":
            self._made[center.id] = picked.commit
        if not picked.files:
            return Pick(picked.state, (), picked.tree)
        from kvmpatch.reports.backport.clashes import Clashes

        return Pick(picked.state, tuple(Clashes(self.target, center, picked.files, self.patience).explained()), None)

    def made(self, identity: str) -> str | None:
        """The throw-away commit that a clean pick left; it can be read, and picked onto."""
        return self._made.get(identity)
