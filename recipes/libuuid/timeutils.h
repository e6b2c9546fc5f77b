/* SPDX-License-Identifier: BSD-3-Clause */
/* The units of time that libuuid uses. util-linux's header of this name also holds code under the LGPL, which libuuid has no use for. */
#ifndef UTIL_LINUX_TIME_UTIL_H
#define UTIL_LINUX_TIME_UTIL_H

#define MSEC_PER_SEC 1000ULL
#define USEC_PER_MSEC 1000ULL

#endif
