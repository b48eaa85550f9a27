/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h: the command line: one program, a table of commands.
 */
#ifndef STATED_CLI_H
#define STATED_CLI_H

/* Runs the command that the arguments name and gives the program's exit
 * status: 0 success, 1 the thing failed, 2 wrong usage. */
int cli_main(int argc, char **argv);

#endif
