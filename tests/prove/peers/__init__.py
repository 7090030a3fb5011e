"""The same job by others. Each file runs in an environment of its own, so none imports another.

All of them take the same arguments: ``bootstrap input output group state_dir``.
"""
