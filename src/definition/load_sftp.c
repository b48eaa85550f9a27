/* SPDX-License-Identifier: Apache-2.0 */
/* load_sftp.c: connections of kind sftp: a server of files, and its key. */
#include "load_priv.h"

#define IN(field) offsetof(struct def_connection, field)

static const struct load_key sftp_keys[] = {
	LOAD_ROWS_CONNECTION("sftp: a server of files"),
	{"url", KIND_STRING, LOAD_MUST, IN(url), NULL, NULL,
	    "the server: sftp://HOST:PORT"},
	{"host-key", KIND_VALUE, LOAD_MUST, IN(host_key), NULL, NULL,
	    "SHA256:…, as ssh-keygen -l shows the server's key; a list where "
	    "it has several"},
	{"auth", KIND_MAP, LOAD_MUST, IN(auth), load_sftp_auth,
	    &load_sftp_auth_table, "who we are to it, and how we prove it"},
	LOAD_ROWS_CONNECTION_LIMITS(
	    "how long one operation may take; 30s unless told"),
	{"operations", KIND_MAP, LOAD_MUST, 0, load_operations,
	    &load_form_file_operations, "what it can be asked to do"},
	LOAD_ROW_CONNECTION_ERRORS,
};
const struct load_table load_sftp_table =
    LOAD_TABLE("a connection of kind sftp", sftp_keys);
