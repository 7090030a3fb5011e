"""Keeps pytest's doctest collection from importing jobs: they need peers that may be absent."""

collect_ignore_glob = ["jobs/*.py", "model.py", "soak.py", "topics.py"]
