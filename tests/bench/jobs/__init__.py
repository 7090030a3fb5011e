"""One job per file: each runs once, in a process of its own, started by ``tests.bench.child``."""
