/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_version.c: which program this is. */
#include "cli_priv.h"

static enum cli_status
run(struct cli *cli)
{
	fprintf(cli->out, "stated %s\n", STATED_VERSION);
	return CLI_OK;
}

const struct cmd cmd_version = {
    .name = "version",
    .arguments = "",
    .summary = "Print the program's version",
    .run = run,
};
