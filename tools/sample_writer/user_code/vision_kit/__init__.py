"""A package of a project; its parts are in modules."""

from . import squeeze  # noqa: F401
from .parts import *  # noqa: F403
