/* SPDX-License-Identifier: Apache-2.0 */
/* stated_main.c: the program's entry. */
#include <stdio.h>

int
main(void)
{
	printf("stated %s\n", STATED_VERSION);
	return 0;
}
