"""Makes what a module's object defines its own: localize.py OBJECT

A shared library of an extension module shows its PyInit function alone, so that two modules may have functions of one name: Pillow compiles some of
its files into several modules. Here all modules become one program. So each symbol that the object defines becomes a local one, except the module's
PyInit function. Weak ones stay, since the linker merges those of C++ by their groups.

The format: https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md
"""

import sys

CUSTOM_SECTION, SYMBOL_TABLE = 0, 8
DATA, SECTION = 1, 3 # kinds of symbols
BINDING, LOCAL, UNDEFINED, EXPLICIT_NAME = 0x3, 0x2, 0x10, 0x40


class Reader:
    def __init__(self, bytes_, at=0):
        self.bytes, self.at = bytes_, at

    def number(self):
        value = shift = 0
        while True:
            byte = self.bytes[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def name(self):
        length = self.number()
        self.at += length
        return bytes(self.bytes[self.at - length : self.at])


def main(path):
    with open(path, "rb") as file:
        module = bytearray(file.read())
    reader = Reader(module, 8)
    while reader.at < len(module):
        kind = reader.number()
        end = reader.number() + reader.at
        if kind == CUSTOM_SECTION and reader.name() == b"linking":
            localize(reader, end)
        reader.at = end
    with open(path, "wb") as file:
        file.write(module)


def localize(reader, end):
    if (version := reader.number()) != 2:
        sys.exit(f"error: version {version} of the section `linking`; this script reads 2")
    while reader.at < end:
        kind = reader.number()
        after = reader.number() + reader.at
        if kind == SYMBOL_TABLE:
            for _ in range(reader.number()):
                symbol(reader)
        reader.at = after


def symbol(reader):
    kind = reader.number()
    place = reader.at
    flags = reader.number()
    name = b""
    if kind == DATA:
        name = reader.name()
        if not flags & UNDEFINED:
            for _ in ("segment", "offset", "size"):
                reader.number()
    else:
        reader.number()
        if kind != SECTION and (not flags & UNDEFINED or flags & EXPLICIT_NAME):
            name = reader.name()
    if not flags & (UNDEFINED | BINDING) and not name.startswith(b"PyInit_"):
        # The binding is in the lowest bits, which are in the number's first byte.
        reader.bytes[place] |= LOCAL


main(sys.argv[1])
