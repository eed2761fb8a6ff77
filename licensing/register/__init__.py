"""The public register of permits (双公示): every permit that was granted or refused, from the moment of its decision.

Nothing has to be published by hand: a permit stands in the register because it was decided. ``queries.search`` finds it,
``export`` writes the fields of the national publication, ``rules`` says what is masked.
"""
