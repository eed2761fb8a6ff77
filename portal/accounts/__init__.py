"""Accounts: passwords, second factors, sign-ins and the counters that slow guessing down.

``licensing`` knows only an ``Actor``; who may call itself that actor on the web is decided here. ``actions.create_account`` makes an
account for a person, ``limits.hit`` counts anything that must not be done too often.
"""
