/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_ledger.c: one line for each thing done, see sandbox_ledger.h. */
#include "sandbox_ledger.h"

#include "sandbox_json.h"
#include "sandbox_reply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct sandbox_ledger {
	int fd; /* -1: no file */
};

struct sandbox_ledger *
sandbox_ledger_open(const char *path)
{
	struct sandbox_ledger *ledger;
	int fd = -1;

	if (path != NULL) {
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
		    0644);
		if (fd < 0)
			return NULL;
	}
	ledger = calloc(1, sizeof(*ledger));
	must(ledger != NULL);
	ledger->fd = fd;
	return ledger;
}

void
sandbox_ledger_close(struct sandbox_ledger **ledger)
{
	if (*ledger == NULL)
		return;
	if ((*ledger)->fd >= 0)
		close((*ledger)->fd);
	free(*ledger);
	*ledger = NULL;
}

/* A ledger that can't be written is no ledger: better no sandbox than one
 * that did what it does not tell. */
static void
write_line(int fd, struct str line)
{
	ssize_t written;

	do
		written = write(fd, line.at, line.bytes);
	while (written < 0 && errno == EINTR);
	if (written != (ssize_t)line.bytes) {
		perror("stated-sandbox: the ledger cannot be written");
		_exit(1);
	}
}

void
sandbox_ledger_add_take(struct sandbox_ledger *ledger, const char *what,
    json_t *record)
{
	char at[SANDBOX_TIME_BYTES];
	struct buf line = {0};
	json_t *all;

	must(record != NULL);
	if (ledger->fd >= 0) {
		sandbox_time_format(sandbox_now_ms(), at);
		all = json_pack("{s:s,s:s}", "at", at, "done", what);
		must(all != NULL && json_object_update(all, record) == 0);
		sandbox_json_write(all, SANDBOX_JSON_COMPACT, &line);
		buf_add_char(&line, '\n');
		write_line(ledger->fd, buf_str(&line));
		json_decref(all);
		buf_fini(&line);
	}
	json_decref(record);
}
