/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h: HTTP requests and responses as data (RFC 9110), mails on their
 * way to a server (RFC 5321), what is asked of a server of files (SFTP), and
 * messages for a broker (AMQP 0-9-1).  No I/O.
 */
#ifndef STATED_MESSAGE_H
#define STATED_MESSAGE_H

#include "stated/arena.h"
#include "stated/buf.h"
#include "stated/digest.h"

struct message_header {
	struct str name; /* compared without case */
	struct str value;
	bool secret; /* never written to history or log */
};

/*
 * The envelope of a mail.  The url of its request begins with smtp or smtps;
 * the body is the whole message (RFC 5322), the headers are shown only.  The
 * answer's status is the server's last reply, its body that reply's text.
 * Without recipients there is no mail: the dialogue ends after the login, and
 * the last reply is that to NOOP.
 */
struct message_mail {
	struct str from; /* addresses: local@domain */
	const struct str *to;
	size_t to_count;
	struct str user; /* absent: nobody */
	struct str password;
	bool is_tls_required; /* STARTTLS, where TLS doesn't come first */
};

/*
 * What a server of files is asked for.  The url of its request is shown only;
 * the body is what is put.  The answer's status is HTTP's for the same: 200,
 * 401, 403, 404, 409 where a name is taken, 507, 500; its body is the file,
 * or a document of JSON.
 *
 * A file is put under a name of its own, ".NAME.….part", and gets its name
 * when all of it is there: nobody ever reads half of one, and none is
 * replaced.  The same file that is there already has been put.
 */
enum message_file_verb {
	FILE_STAT, /* the first, so that what says nothing does no harm */
	FILE_GET,
	FILE_LIST,
	FILE_PUT,
	FILE_RENAME,
	FILE_REMOVE, /* one that isn't there has been removed */
};
struct message_file {
	enum message_file_verb verb;
	struct str host;
	struct str port;
	/* "SHA256:…" of the server's key, by spaces where there are several */
	struct str host_keys;
	struct str user;
	struct str password;   /* absent: by the key */
	struct str key;        /* PEM, or OpenSSH's own form */
	struct str passphrase; /* may be absent */
	struct str path;
	struct str to; /* FILE_RENAME */
};

/*
 * A broker, and who we are to it.  The url of its request is shown only.  The
 * answer's status is 200, or the reply code of AMQP 0-9-1 (section 1.2) that
 * the broker gave, with its text as the body; 401 is a login that was
 * refused, 506 a message that it would not take (basic.nack).
 */
struct message_broker {
	struct str host;
	struct str port;
	struct str vhost;
	struct str user; /* absent: by the client certificate (EXTERNAL) */
	struct str password;
	bool is_tls;
	int64_t heartbeat_ms; /* whole seconds */
};
/*
 * A message for an exchange of it; the request's headers and body are the
 * message's.  It is persistent, and the answer is the broker's confirmation,
 * with a document of JSON that has its id.
 */
struct message_publish {
	struct str exchange; /* empty: to the queue that the key names */
	struct str routing_key;
	struct str message_id;   /* may be absent, and so may those below */
	struct str content_type;
	struct str type;
	int64_t at_ms;
	bool is_mandatory; /* 312 where no queue gets it */
};

/* Through which a web request goes; https goes through a tunnel of it. */
struct message_proxy {
	struct str url;  /* http or https, with its port */
	struct str user; /* absent: nobody */
	struct str password;
	struct str except; /* hosts that are asked directly, by commas */
	struct str ca;     /* as below, of the proxy itself */
};

struct message_request {
	const struct message_mail *mail; /* NULL: none */
	const struct message_file *file; /* NULL: none */
	const struct message_broker *broker; /* NULL: none; none of all: HTTP */
	/* of the broker; NULL: it is only asked to let us in */
	const struct message_publish *publish;
	struct str method;
	struct str url;       /* absolute, encoded */
	struct str url_shown; /* for history, secrets masked; absent: url */
	const struct message_header *headers;
	size_t header_count;
	struct str body;
	struct str body_shown; /* for history, secrets masked; absent: body */
	int64_t timeout_ms;        /* from start to the last byte */
	size_t response_bytes_max; /* longer is MESSAGE_TOO_LARGE; 0: 16 MiB */
	/* PEM, key and certificate; absent: none */
	struct str client_certificate;
	/* PEM, or a file's absolute path; absent: the system's */
	struct str ca;
	const struct message_proxy *proxy; /* NULL: none */
	/* what must not be shown where the answer repeats it */
	const struct str *secrets;
	size_t secret_count;
};

/* How the exchange went wrong, and so what may be known about its effect. */
enum message_failure {
	MESSAGE_OK,          /* a whole response is here */
	MESSAGE_UNRESOLVED,  /* no address: surely not sent */
	MESSAGE_UNREACHABLE, /* refused, no route: surely not sent */
	MESSAGE_TLS,         /* no handshake: surely not sent */
	MESSAGE_CERTIFICATE, /* theirs or ours is no good: surely not done */
	MESSAGE_UNSENT, /* broken before the first byte of the request left */
	MESSAGE_TIMEOUT,     /* sent, no whole answer in time */
	MESSAGE_RESET,       /* sent, the connection broke */
	MESSAGE_TRUNCATED,   /* the body ended early */
	MESSAGE_TOO_LARGE,
	MESSAGE_GARBLED,     /* not HTTP */
	MESSAGE_FORGED,      /* not signed as it has to be */
	MESSAGE_CRASHED, /* this engine stopped between sending and recording */
};
struct str message_failure_name(enum message_failure failure);

struct message_response {
	enum message_failure failure;
	int status; /* 0 where there is none */
	const struct message_header *headers;
	size_t header_count;
	struct str body;
	struct str detail; /* of a failure, for people */
	int64_t elapsed_ms;
};

/* Of all that makes a connection to the request's broker another one: where it
 * is, and what is shown to it. */
struct digest message_broker_key(const struct message_request *request);
/* Of a request that has none of its own. */
#define MESSAGE_USER_AGENT "stated/" STATED_VERSION
/* The first header of that name, or the absent string where there is none. */
struct str message_find_header(const struct message_header *headers,
    size_t count, struct str name);
/* Names of headers are equal without regard to (ASCII) case. */
bool message_name_equal(struct str a, struct str b);
struct str message_name_lower(struct arena *arena, struct str name);
/* Percent-encodes all but RFC 3986's unreserved characters. */
void message_encode(struct str text, struct buf *out);

#endif
