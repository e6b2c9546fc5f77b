/* Finds the installed header under its own name; the file itself keeps its name in the source tree, where a patch answers its
   placeholders. Part of wasideps, MIT licence. */
#include "../../include/ffi.h.in"
