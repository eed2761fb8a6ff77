"""The demo world: invented companies and people at real authorities, with cases in every state. Never in production.

``load(settings)`` fills the open storage through the same actions that people use, each at its own believable moment of the last months.
"""

from licensing.demo.actions import DemoPerson, DemoWorld, load

__all__ = ["DemoPerson", "DemoWorld", "load"]
