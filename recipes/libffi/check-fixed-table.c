/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* check-exhaustion.c again, where the linker fixed the size of the function table: tests.toml links that file with this one, which gives the
 * test its name and has no code. */
