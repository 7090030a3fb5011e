"""How headrace feels in a real JupyterLab, beside hand-made glue: ``python -m tests.ux``."""
