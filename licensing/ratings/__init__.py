"""好差评: how applicants found the handling of their finished cases, in five levels, and what the authority answers to bad ones.

``actions.rate`` and ``actions.answer`` change, ``queries`` reads, ``rules`` holds the levels (国办发〔2019〕51号).
"""
