/* SPDX-License-Identifier: Apache-2.0 */
/* stated_main.c: the program's entry. */
#include "stated/cli.h"

int
main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
