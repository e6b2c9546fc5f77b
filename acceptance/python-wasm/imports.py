"""Uses one thing of each library, and prints what it made. Nothing but the program and its standard library is there."""

import bz2
import ctypes
import datetime
import decimal
import lzma
import sqlite3
import sys
import uuid
import xml.etree.ElementTree
import zlib
import zoneinfo

text = b"the same words, and the same words, and the same words again\n" * 20
for module in (zlib, bz2, lzma):
    assert module.decompress(module.compress(text)) == text
database = sqlite3.connect(":memory:")
rows = database.execute("select value * value from json_each('[2, 3, 4]')").fetchall()
parsed = xml.etree.ElementTree.fromstring("<a><b c='d'/></a>")
print("python", sys.version.split()[0], "on", sys.platform)
print("zlib", zlib.ZLIB_RUNTIME_VERSION, "sqlite", sqlite3.sqlite_version, "rows", rows)
print("decimal", decimal.Decimal(2).sqrt(decimal.Context(prec=30)))
print("ctypes", ctypes.CDLL(None).strlen(b"seven c"), "xml", parsed[0].attrib, "uuid", uuid.UUID(int=7))
try:
    print("zoneinfo", datetime.datetime(2026, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Amsterdam")).utcoffset())
except zoneinfo.ZoneInfoNotFoundError:
    print("zoneinfo has no data")
print("path", [entry for entry in sys.path if entry])
