/* SPDX-License-Identifier: MIT */
/* What wasi.c has and WASI's headers do not declare. */
#ifndef WASI_H
#define WASI_H

int dup(int descriptor);

#endif
