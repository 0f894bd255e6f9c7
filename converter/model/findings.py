"""What kfix has to say about a model: findings, and the edits that answer them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from converter.model.description import Json


class Severity(StrEnum):
    """What a finding means for the reader that was asked about."""

    BREAKS = "breaks"
    """The reader refuses the file, or the model cannot be used after loading."""
    SILENT = "silent"
    """The reader loads the file and computes something else."""
    NOTICE = "notice"
    """Nothing the numbers depend on: dropped training state, cosmetic changes."""
    REFUSED = "refused"
    """kfix cannot mend this exactly; nothing is written."""
    CUSTOM = "custom"
    """The user's own code is needed (``--custom``)."""
    UNSAFE = "unsafe"
    """Code or a reference to other files, which is never run or followed."""


@dataclass(frozen=True)
class Edit:
    """One value that was changed: ``key`` names it inside the layer; None stands for absent."""

    key: str
    old: Json
    new: Json


@dataclass(frozen=True)
class Finding:
    """One thing found in a model.

    Attributes:
        code: the rule's code, ``KF101``.
        rule: the rule's name, ``depthwise-groups``.
        severity: what it means.
        layer: path of the layer from the top model, names joined by ``/``; empty for the file as a
            whole.
        message: what is there and why it matters, one line.
        remedy: what kfix does about it, or what the user can do.
        edits: the values changed, for ``--diff``.
        needs: name of the class of the user's that would answer it.
    """

    code: str
    rule: str
    severity: Severity
    layer: str
    message: str
    remedy: str = ""
    edits: tuple[Edit, ...] = ()
    needs: str = ""

    @property
    def blocks(self) -> bool:
        """Whether the model cannot be written while this stands."""
        return self.severity in (Severity.REFUSED, Severity.CUSTOM, Severity.UNSAFE)
