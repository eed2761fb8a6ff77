"""What is done about a licence after its issue: request or proposal, notice, answer, decision by a second person.

A proceeding is one request of a holder, or one act of the authority on its own motion. ``machine`` is its table, ``rules`` reads its
events, ``actions`` and ``issuing`` change it; what may be done to a licence at all stands in ``licences.operations``.
"""
