"""One application from draft to decision.

The truth is the list of events; state, whose turn and deadlines are computed from it (``rules.replay``). ``machine.TRANSITIONS`` is the
one table of what can happen; code, buttons, permission checks and tests all read it.
"""
