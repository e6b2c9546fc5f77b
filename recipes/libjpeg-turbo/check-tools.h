/* SPDX-License-Identifier: MIT */
/* Upstream's programs as functions of one program: `exit` in them returns to their caller. */
#ifndef CHECK_TOOLS_H
#define CHECK_TOOLS_H

int cjpeg_main(int argc, char **argv);
int djpeg_main(int argc, char **argv);
int jpegtran_main(int argc, char **argv);
int example_main(int argc, char **argv);
int tjbench_main(int argc, char **argv);

/* Ends the running tool with `status`. */
_Noreturn void end_tool(int status);

#endif
