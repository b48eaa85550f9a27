/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector_greeting.c: whether an endpoint is there and lets us in, and what
 * to look at where not.
 *
 * HTTP is asked for the head of its address: whatever it answers, it is there.
 * Odoo counts the partners that we may see, for which we have to be let in.  A
 * mail server takes the login and is told nothing, and a server of files tells
 * of its root.
 */
#include "connector_priv.h"

static const struct template *
literal(struct arena *arena, const struct value *value)
{
	struct template *template = ARENA_NEW(arena, struct template);

	template->kind = TEMPLATE_LITERAL;
	template->literal = value;
	return template;
}

/* A domain that holds for all. */
static const struct value *
every_one(struct arena *arena)
{
	const struct value *domain = value_of_list(arena, NULL, 0);

	return value_of_list(arena, &domain, 1);
}

const struct def_operation *
connector_greeting(
    const struct def_connection *connection, struct arena *arena)
{
	struct def_operation *operation =
	    ARENA_NEW(arena, struct def_operation);

	operation->name = STR("greeting");
	operation->connection = connection;
	operation->safe = true;
	operation->method = METHOD_HEAD;
	operation->file_verb = FILE_STAT;
	operation->path = literal(arena, value_of_str(arena, STR("/")));
	operation->model =
	    literal(arena, value_of_str(arena, STR("res.partner")));
	operation->odoo_method =
	    literal(arena, value_of_str(arena, STR("search_count")));
	operation->args = literal(arena, every_one(arena));
	return operation;
}

bool
connector_is_welcome(
    const struct outcome *outcome, const struct message_response *response)
{
	static const int unwelcome[] = {401, 403, 407, 429};
	int status = response->status;

	if (outcome->kind == OUTCOME_DONE)
		return true;
	/* 501: what it has not is the head of an answer. */
	if (response->failure != MESSAGE_OK || status < 300 ||
	    (status >= 500 && status != 501))
		return false;
	for (size_t i = 0; i < COUNT_OF(unwelcome); i++)
		if (status == unwelcome[i])
			return false;
	return true;
}

/* By what the code ends with: it begins with the protocol. */
static const struct {
	struct str end;
	struct str hint;
} hints[] = {
    {STR_INIT("sftp.certificate"),
	STR_INIT("is the key that it showed its own?  Then it belongs under "
		 "`host-key`; if nobody has changed it there, somebody stands "
		 "in between")},
    {STR_INIT("sftp.tls"), STR_INIT("does it speak SSH at that port?")},
    {STR_INIT("sftp.access-denied"),
	STR_INIT("it is there; are user and key, or password, under `auth` "
		 "right?")},
    {STR_INIT(".unresolved"),
	STR_INIT("is the host in the connection's url right, and can this "
		 "machine ask a name server?")},
    {STR_INIT(".unreachable"),
	STR_INIT("is the port in the connection's url right, does anything "
		 "listen there, and is no firewall in between?")},
    {STR_INIT(".timeout"),
	STR_INIT("is a firewall in between that drops what we send?")},
    {STR_INIT("connector.tls"),
	STR_INIT("what stands under `tls` in the connection, and is what it "
		 "reads from `settings` and as a secret there?")},
    {STR_INIT(".tls"),
	STR_INIT("does it speak TLS at that port, and does it want a "
		 "certificate of ours (`tls.client-certificate`)?")},
    {STR_INIT(".certificate"),
	STR_INIT("did `tls.ca`, or one that the system trusts, sign its "
		 "certificate, and is the host's name in it?  Or does it "
		 "not take ours (`tls.client-certificate`)?")},
    {STR_INIT("connector.secret"),
	STR_INIT("where does the configuration's `secrets` look, and is it "
		 "there?")},
    {STR_INIT(".401"),
	STR_INIT("it is there; is the credential under `auth` right, and "
		 "still valid?")},
    {STR_INIT(".403"),
	STR_INIT("it is there and may know us; is the credential under `auth` "
		 "allowed to do this?")},
    {STR_INIT(".407"), STR_INIT("it is the proxy that wants a login")},
    {STR_INIT(".535"),
	STR_INIT("it is there; are user and password under `auth` right?")},
    {STR_INIT("odoo.access-denied"),
	STR_INIT("it is there; are database, login and API key under `auth` "
		 "right?")},
    {STR_INIT(".invalid_client"),
	STR_INIT("the token endpoint is there; is the client under `auth` "
		 "right?")},
    {STR_INIT(".429"), STR_INIT("it is there, and takes no more just now")},
};

struct str
connector_hint(const struct outcome *outcome)
{
	for (size_t i = 0; i < COUNT_OF(hints); i++)
		if (str_has_suffix(outcome->code, hints[i].end))
			return hints[i].hint;
	return (struct str){NULL, 0};
}
