/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_schema.c: the language of documents, for editors. */
#include "cli_priv.h"

#include "stated/library.h"

static enum cli_status
run(struct cli *cli)
{
	struct buf out = {0};

	library_schema(&out);
	fwrite(out.at, 1, out.bytes, cli->out);
	buf_fini(&out);
	return CLI_OK;
}

const struct cmd cmd_schema = {
    .name = "schema",
    .arguments = "",
    .summary = "Print a JSON Schema of the documents, for editors",
    .run = run,
};
