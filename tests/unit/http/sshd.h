/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshd.h: OpenSSH's server beside a test, which lets in who runs the test, by
 * a key of its own, to files only.
 *
 * A process of ours listens on a port that the kernel picked, and starts a
 * server for each connection: sshd itself doesn't take a port of 0.
 */
#ifndef STATED_TEST_SSHD_H
#define STATED_TEST_SSHD_H

#include "stated/buf.h"

#include <sys/types.h>

struct sshd {
	char folder[64]; /* with keys, configuration, and `files` */
	char files[80];
	pid_t acceptor;
	char port[8];
	char user[64];
	struct buf key;      /* whom it lets in, private */
	struct buf stranger; /* whom it doesn't */
	char host_key[64];   /* SHA256:… */
};

void sshd_open(struct sshd *sshd);
void sshd_close(struct sshd *sshd);
/*
 * The next that comes to that point is cut off there, and whoever comes after
 * is not:
 *
 *	before-link     nothing has its name yet
 *	after-unlink    it has been renamed, and the answer is lost
 *	taken           the same, and somebody has taken it away
 *	gone            the same, and no server is there any more
 */
void sshd_cut(struct sshd *sshd, const char *where);

#endif
