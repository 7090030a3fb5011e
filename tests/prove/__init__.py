"""The proof of exactly once: ``python -m tests.prove`` (see ``__main__``)."""
