/* SPDX-License-Identifier: MIT
 * An extension module for CPython's stable ABI that uses zlib and SQLite, to be linked as a shared library. */

#define Py_LIMITED_API 0x030d0000
#include <Python.h>
#include <sqlite3.h>
#include <string.h>
#include <zlib.h>

enum { SIZE = 1000 };

/* Bytes are compressed and come back as they were. */
static int zlib_works(void) {
  unsigned char bytes[SIZE], packed[2 * SIZE], back[SIZE];
  for (int i = 0; i < SIZE; i++) bytes[i] = (unsigned char)(i % 7);
  uLongf packed_size = sizeof packed, size = sizeof back;
  if (compress(packed, &packed_size, bytes, sizeof bytes) != Z_OK) return 0;
  if (uncompress(back, &size, packed, packed_size) != Z_OK) return 0;
  return size == SIZE && packed_size < SIZE && memcmp(bytes, back, SIZE) == 0;
}

static int sum_of_a_query(void) {
  sqlite3 *db = NULL;
  sqlite3_stmt *query = NULL;
  int sum = -1;
  if (sqlite3_open(":memory:", &db) == SQLITE_OK &&
      sqlite3_prepare_v2(db, "SELECT sum(value) FROM json_each('[1, 2, 39]')", -1, &query, NULL) == SQLITE_OK &&
      sqlite3_step(query) == SQLITE_ROW)
    sum = sqlite3_column_int(query, 0);
  sqlite3_finalize(query);
  sqlite3_close(db);
  return sum;
}

static PyObject *report(PyObject *self, PyObject *none) {
  (void)self;
  (void)none;
  return PyUnicode_FromFormat("zlib %s %s, SQLite %s says %d", zlibVersion(), zlib_works() ? "works" : "fails", sqlite3_libversion(),
                              sum_of_a_query());
}

static PyMethodDef methods[] = {{"report", report, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "demo", NULL, 0, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_demo(void) { return PyModule_Create(&module); }
