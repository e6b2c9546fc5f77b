"""Writes a small TIFF picture in RGB, or compares two: on average, values may differ by less than 1 of 255.

    tiff.py write FILE | tiff.py compare FILE FILE
"""

import struct
import sys

SIDE = 16


def write(path):
    pixels = bytes(value for y in range(SIDE) for x in range(SIDE) for value in (x * 17, y * 17, (x + y) * 8))
    # Width, height, bits, compression, RGB, offset, samples, rows, bytes, planes.
    entries = [
        (256, 3, 1, SIDE), (257, 3, 1, SIDE), (258, 3, 3, 8 + len(pixels)), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 8),
        (277, 3, 1, 3), (278, 3, 1, SIDE), (279, 4, 1, len(pixels)), (284, 3, 1, 1),
    ]  # fmt: skip
    depths = struct.pack("<4H", 8, 8, 8, 0)
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    start = 8 + len(pixels) + len(depths)
    open(path, "wb").write(b"II*\0" + struct.pack("<I", start) + pixels + depths + directory)


def read(path):
    data = open(path, "rb").read()
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    at = struct.unpack(order + "I", data[4:8])[0]
    tags = {}
    for index in range(struct.unpack(order + "H", data[at : at + 2])[0]):
        entry = data[at + 2 + 12 * index : at + 14 + 12 * index]
        tag, kind, count = struct.unpack(order + "HHI", entry[:8])
        size = {3: "H", 4: "I"}.get(kind)
        if size:
            length = struct.calcsize(size) * count
            where = entry[8 : 8 + length] if length <= 4 else data[struct.unpack(order + "I", entry[8:])[0] :][:length]
            tags[tag] = struct.unpack(f"{order}{count}{size}", where)
    assert tags[259] == (1,), "it is compressed"
    return b"".join(data[start : start + size] for start, size in zip(tags[273], tags[279]))


def compare(one, other):
    one, other = read(one), read(other)
    assert len(one) == len(other) == SIDE * SIDE * 3
    difference = sum(abs(a - b) for a, b in zip(one, other)) / len(one)
    assert difference < 1, f"values differ by {difference}"
    print(f"a TIFF picture from sRGB to CIE L*a*b* and back: values differ by {difference:.2f} of 255 on average")


{"write": write, "compare": compare}[sys.argv[1]](*sys.argv[2:])
