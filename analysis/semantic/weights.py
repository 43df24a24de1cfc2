"""Reading of a safetensors file: https://huggingface.co/docs/safetensors (format), 32-bit floating point only.

Eight bytes give the length of a JSON header, which gives the place and shape of every array; the arrays follow.
"""

import json
import struct

import numpy as np
from numpy.typing import NDArray

from analysis.errors import ContentError

Arrays = dict[str, NDArray[np.float32]]


def read_arrays(held: bytes) -> Arrays:
    """The arrays of 32-bit floating point, by name; others (counters of positions) are passed over."""
    try:
        (size,) = struct.unpack_from("<Q", held)
        header = json.loads(held[8 : 8 + size])
        arrays: Arrays = {}
        for name, each in header.items():
            if each.get("dtype") != "F32":
                continue
            first, last = each["data_offsets"]
            flat = np.frombuffer(held, dtype="<f4", count=(last - first) // 4, offset=8 + size + first)
            arrays[name] = flat.reshape(each["shape"])
    except (struct.error, ValueError, KeyError, AttributeError) as error:
        raise ContentError("The weights are not a safetensors file: download the packages again.") from error
    return arrays
