"""Procedural documents (domain 2.5): numbered with the act they tell of, sealed once, the same bytes ever after."""
