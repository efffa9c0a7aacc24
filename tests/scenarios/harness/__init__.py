"""Starts the real daemon on a real file with real children, and says what happened when a test fails."""

from . import cgroups, procfs
from .chance import seeded_random
from .daemon import BUILD, PROJECT, Daemon, zoo
from .procfs import identity_alive, process_alive, process_status, state_letter
from .pseudo_terminal import AtTerminal
from .scenario import Scenario, ScenarioInCgroup, ScenarioAsUser, ScenarioWithoutCgroup, free_port
from .waiting import wait_for

__all__ = [
    "AtTerminal", "BUILD", "PROJECT", "Daemon", "Scenario", "ScenarioAsUser", "ScenarioInCgroup", "ScenarioWithoutCgroup",
    "cgroups", "free_port", "identity_alive", "process_alive", "process_status", "procfs", "seeded_random",
    "state_letter", "wait_for", "zoo",
]
