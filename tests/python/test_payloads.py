import gzip
import pickle

import pytest

from headrace.payloads import looks_like


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ([b"\x00\x00\x00\x01\x02\x02\x08AAPL"], "Confluent wire format, schema id 258"),
        ([b'\x00\x00\x00\x00\x07{"x": 1}'], "JSON behind a schema registry"),
        ([gzip.compress(b'{"x": 1}')], "gzip-compressed"),
        ([pickle.dumps({"x": 1})], "Python pickle"),
        ([b"\x82\xa1a\x01\xa1b\x02"], "MessagePack"),
        ([b"\x08\x96\x01\x12\x04AAPL\x1d\x00\x00\x80\x3f"], "Protobuf"),
        ([b"\xf3\x9d\xff\x00\x01\x02"], "binary data"),
        ([b"<bar><close>1</close></bar>"], "XML"),
        ([b"2026-03-02,AAPL,189.5", b'2026-03-03,"A,B",1'], r"CSV text \(3 fields.*comma"),
        ([b"2026-03-02;AAPL;189,5"], r"CSV text \(3 fields.*semicolon"),
        ([b"AAPL\t1.5"], "tab"),
        ([b"{'x': 1}"], "Python dicts"),
        ([b"[1, 2]", b"3"], "JSON, but no objects"),
        ([b'{"x": 1}\n{"x": 2}\n'], "several JSON objects"),
        ([b'{"x": 1, "y'], "cut off"),
        ([b"hello, world", b"hello"], "plain text"),
        ([b""], "empty"),
        ([b"hello", b"<a/>", b"\x1f\x8bzz", b"\x1f\x8bzz", b"\x1f\x8bzz"], "gzip"),  # the most
    ],
)
def test_payloads_are_recognised(values: list[bytes], what: str) -> None:
    import re

    assert re.search(what, looks_like(values)[0])


def test_csv_is_told_how_to_be_read_and_others_that_they_cannot_be() -> None:
    assert 'format="csv", schema=' in looks_like([b"1,2"])[1]
    assert "from_csv(sample, delimiter=';')" in looks_like([b"1;2"])[1]
    assert "not supported yet" in looks_like([b"hello"])[1]
