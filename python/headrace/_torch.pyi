"""TorchScript models for the core; there where headrace was built beside torch."""

def load(
    path: str,
    *,
    input_width: int,
    window: int = 0,
    output_width: int = 0,
    device: str = "cpu",
    threads: int = 1,
) -> object: ...
def torch_version() -> str: ...
def built_for() -> str: ...
