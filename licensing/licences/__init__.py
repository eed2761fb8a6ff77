"""Electronic licences 电子证照: record, identifier, face, issue, and the answers to "is it true?".

A licence is born in two transactions (``actions.intend`` and ``actions.put_in_force``) with the making of the signed file
(``production.produce``) between them. The signed bytes are the licence: stored once, never rendered again.
"""
