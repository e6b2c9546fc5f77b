/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The library is built without threads, and refuses the parameters that are about them. Upstream's tests set these now and then among others:
 * here they are taken, remembered and given back, so that the rest of such a test runs, on the one thread that there is.
 * The tests are linked with --wrap for each of the four functions. */
#define ZSTD_STATIC_LINKING_ONLY
#include <stdlib.h>
#include <zstd.h>

size_t __real_ZSTD_CCtx_setParameter(ZSTD_CCtx *context, ZSTD_cParameter parameter, int value);
size_t __real_ZSTD_CCtx_getParameter(const ZSTD_CCtx *context, ZSTD_cParameter parameter, int *value);
size_t __real_ZSTD_CCtxParams_setParameter(ZSTD_CCtx_params *params, ZSTD_cParameter parameter, int value);
size_t __real_ZSTD_CCtxParams_getParameter(const ZSTD_CCtx_params *params, ZSTD_cParameter parameter, int *value);

static struct remembered {
  const void *object;
  ZSTD_cParameter parameter;
  int value;
  struct remembered *next;
} *all;

static int about_threads(ZSTD_cParameter parameter) {
  return parameter == ZSTD_c_nbWorkers || parameter == ZSTD_c_jobSize || parameter == ZSTD_c_overlapLog || parameter == ZSTD_c_rsyncable;
}

static struct remembered *find(const void *object, ZSTD_cParameter parameter) {
  struct remembered *each = all;
  while (each && (each->object != object || each->parameter != parameter)) each = each->next;
  return each;
}

static size_t set(const void *object, ZSTD_cParameter parameter, int value) {
  struct remembered *each = find(object, parameter);
  if (!each) {
    each = malloc(sizeof *each);
    if (!each) abort();
    *each = (struct remembered){object, parameter, value, all};
    all = each;
  }
  each->value = value;
  return 0;
}

static size_t get(const void *object, ZSTD_cParameter parameter, int *value) {
  struct remembered *each = find(object, parameter);
  *value = each ? each->value : 0;
  return 0;
}

size_t __wrap_ZSTD_CCtx_setParameter(ZSTD_CCtx *context, ZSTD_cParameter parameter, int value) {
  return about_threads(parameter) ? set(context, parameter, value) : __real_ZSTD_CCtx_setParameter(context, parameter, value);
}

size_t __wrap_ZSTD_CCtx_getParameter(const ZSTD_CCtx *context, ZSTD_cParameter parameter, int *value) {
  return about_threads(parameter) ? get(context, parameter, value) : __real_ZSTD_CCtx_getParameter(context, parameter, value);
}

size_t __wrap_ZSTD_CCtxParams_setParameter(ZSTD_CCtx_params *params, ZSTD_cParameter parameter, int value) {
  return about_threads(parameter) ? set(params, parameter, value) : __real_ZSTD_CCtxParams_setParameter(params, parameter, value);
}

size_t __wrap_ZSTD_CCtxParams_getParameter(const ZSTD_CCtx_params *params, ZSTD_cParameter parameter, int *value) {
  return about_threads(parameter) ? get(params, parameter, value) : __real_ZSTD_CCtxParams_getParameter(params, parameter, value);
}
