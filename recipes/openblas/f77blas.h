/* SPDX-License-Identifier: BSD-3-Clause */
/* The functions of BLAS and LAPACK under their names in Fortran, as Makefile.install writes it. */
#ifndef OPENBLAS_F77BLAS_H
#define OPENBLAS_F77BLAS_H
#include "openblas_config.h"
#include "openblas_interface.h"
#endif
