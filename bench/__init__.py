"""Benchmarks as ratios against the naive way, both measured in one run: ``./run bench [--json]``."""
