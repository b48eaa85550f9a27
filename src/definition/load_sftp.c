/* SPDX-License-Identifier: Apache-2.0 */
/* load_sftp.c: connections of kind sftp: a server of files, and its key. */
#include "load_priv.h"

#define IN(field) offsetof(struct def_connection, field)

static const struct load_key sftp_keys[] = {
	{"connection", KIND_NAME, LOAD_MUST, IN(name), NULL, NULL,
	    "the name under which calls refer to it"},
	{"description", KIND_TEXT, LOAD_MAY, IN(description), NULL, NULL,
	    "what it leads to"},
	{"kind", KIND_OWN, LOAD_MUST, 0, load_connection_kind,
	    &load_form_connection_kind,
	    "sftp: a server of files"},
	{"url", KIND_STRING, LOAD_MUST, IN(url), NULL, NULL,
	    "the server: sftp://HOST:PORT"},
	{"host-key", KIND_VALUE, LOAD_MUST, IN(host_key), NULL, NULL,
	    "SHA256:…, as ssh-keygen -l shows the server's key; a list where "
	    "it has several"},
	{"auth", KIND_MAP, LOAD_MUST, IN(auth), load_sftp_auth,
	    &load_sftp_auth_table, "who we are to it, and how we prove it"},
	{"limits", KIND_MAP, LOAD_MAY, 0, NULL, &load_limits_table,
	    "how much it is asked at most"},
	{"breaker", KIND_MAP, LOAD_MAY, 0, NULL, &load_breaker_table,
	    "when it is left alone for a while"},
	{"timeout", KIND_DURATION, LOAD_MAY, IN(timeout_ms), NULL, NULL,
	    "how long one operation may take; 30s unless told"},
	{"operations", KIND_MAP, LOAD_MUST, 0, load_operations,
	    &load_form_file_operations, "what it can be asked to do"},
	{"errors", KIND_LIST, LOAD_MAY, 0, load_connection_errors,
	    &load_form_error_rules,
	    "what answers mean, after an operation's own"},
};
const struct load_table load_sftp_table =
    LOAD_TABLE("a connection of kind sftp", sftp_keys);
