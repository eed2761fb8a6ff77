"""Seats that a company gives itself: invitations to colleagues and agents, their acceptance, and the end of a seat.

The seats themselves are dated rows in ``licensing.parties``; here is who gave and ended them, kept in the log.
"""
