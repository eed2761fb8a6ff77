"""Benchmarks as ratios against the naive way, both measured in one run, and every page with 12,000 cases: ``./run bench [--json]``."""
