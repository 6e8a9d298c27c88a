from __future__ import annotations

import base64
import re

from jupyter_pipeline.store import ids


def test_an_id_is_ten_random_bytes_in_the_platforms_letters() -> None:
    made = {ids.new() for _ in range(2000)}
    assert len(made) == 2000
    for one in made:
        assert re.fullmatch(r"[a-z2-7]{16}", one)
        assert len(base64.b32decode(one.upper())) == 10
    assert {letter for one in made for letter in one} == set("abcdefghijklmnopqrstuvwxyz234567")
