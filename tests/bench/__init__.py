"""End-to-end benchmark of headrace and its peers on a real Kafka: ``python -m tests.bench``."""
