/* SPDX-License-Identifier: MIT */
/* Plans of calls: a prepared ffi_cif has its thunk already, so that a plan has nothing to add to it.
 *
 * They are a member of their own: upstream's stand beside ffi_prep_cif, and would link ffi_call and all of its thunks into programs that only make
 * closures. */

#include <ffi.h>
#include <stdlib.h>

struct ffi_call_plan {
  ffi_cif *prepared;
};

ffi_call_plan *ffi_call_plan_alloc(ffi_cif *cif) {
  ffi_call_plan *plan = malloc(sizeof *plan);
  if (plan) plan->prepared = cif;
  return plan;
}

void ffi_call_plan_invoke(ffi_call_plan *plan, void (*fn)(void), void *rvalue, void **avalue) {
  ffi_call(plan->prepared, fn, rvalue, avalue);
}

void ffi_call_plan_free(ffi_call_plan *plan) { free(plan); }

size_t ffi_call_plan_size(ffi_call_plan *plan) { return plan ? sizeof *plan : 0; }
