/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector_priv.h: shared inside src/connector only.
 *
 * A call passes through here in two halves.  Preparing: call_scope gives the
 * names that templates read, a protocol (rest, odoo, smtp) builds the request.
 * Interpreting: reply reads the answer, error rules and then the protocol
 * judge it, verdict has the tables of what a failure or a status means.
 */
#ifndef STATED_CONNECTOR_PRIV_H
#define STATED_CONNECTOR_PRIV_H

#include "stated/clock.h"
#include "stated/connector.h"
#include "stated/json.h"
#include "stated/signature.h"

/* ---- reply.c: an answer, read ---- */

enum reply_kind {
	REPLY_EMPTY,  /* no body */
	REPLY_JSON,   /* body is the document */
	REPLY_XML,    /* the same, where the operation asks for XML */
	REPLY_TEXT,   /* body is a string */
	REPLY_BROKEN, /* said to be either, and none; a string or null */
	REPLY_BINARY, /* no text; body is null */
};

struct reply {
	const struct message_response *response;
	enum reply_kind kind;
	const struct value *body;
	const struct value *envelope; /* Odoo's: the body as it came */
	const struct value *result;  /* Odoo's; NULL elsewhere */
	const struct value *headers; /* made when first asked for */
	const struct value *item; /* one of many messages; NULL elsewhere */
};

/* xml is the operation's; NULL: XML is text as any other. */
struct reply reply_read(struct arena *arena,
    const struct message_response *response, const struct def_xml *xml);
/* UTF-8 without a zero byte, which no text has: another encoding would hide
 * from us what stands in it. */
bool reply_is_text(struct str body);
/* A context of lower-case names; several of one name are joined by ", ". */
const struct value *reply_headers(struct arena *arena, struct reply *reply);
struct str reply_header(const struct reply *reply, struct str name);
/* The endpoint's own id of the exchange; may be absent. */
struct str reply_reference(const struct message_response *response);
/* What the endpoint says went wrong, for people; may be absent. */
struct str reply_message(const struct reply *reply);

/* ---- call_scope.c: what a connection's expressions read ---- */

struct call_scope {
	const struct connector_context *context;
	struct arena *arena;
	struct feel_env env;
	const struct value *args;   /* may be NULL */
	struct str idempotency_key; /* may be absent */
	struct reply *reply;        /* NULL while a request is prepared */
	bool is_masked;             /* secrets give "***" */
	struct str missing_secret;  /* the first that there was none of */
	struct str *secrets;        /* that must not be shown; copies */
	size_t secret_count;
	size_t secret_capacity;
};

void call_scope_init(struct call_scope *scope,
    const struct connector_context *context, const struct value *args);
const struct value *call_scope_eval(struct call_scope *scope,
    const struct template *template);
/* Whether a secret was asked for that there is none of; true fills in the
 * failure, which may pass. */
bool call_scope_lacks_secret(
    const struct call_scope *scope, struct outcome *failure);
bool call_scope_is_true(struct call_scope *scope,
    const struct template *template);
/* A scalar as text; false where the value is none (null, list, context). */
MUST_USE bool call_scope_text(struct call_scope *scope,
    const struct template *template, struct str *out);
/* name: expression, in order, as one context. */
const struct value *call_scope_assigns(struct call_scope *scope,
    const struct def_assigns *assigns);
bool template_has_secret(const struct template *template); /* NULL has none */
/* Whether an expression in it reads that name. */
bool template_reads(const struct template *template, struct str name);

/* ---- connector_describe.c ---- */

/* A header that is shown as "***", whatever it says. */
bool connector_is_credential(const struct message_header *header);

/* ---- connector_mask.c: what must not be shown ---- */

void connector_mask_add(struct call_scope *scope, struct str secret);
/* Of the scope's, and what stands in secret headers. */
void connector_mask_keep(
    struct call_scope *scope, struct message_request *request);

/* ---- verdict.c: what failures and statuses mean ---- */

struct outcome verdict_of_failure(struct arena *arena,
    const struct message_response *response);
struct outcome verdict_of_status(struct arena *arena,
    const struct def_operation *operation, const struct reply *reply,
    int64_t now_ms);
/* What a protocol's server says no with. */
struct verdict_refusal {
	int status;
	bool transient;
	const char *code;
};
/* NOT_DONE, as the status's row says; without one permanent, with `code`. */
struct outcome verdict_of_refusal(const struct verdict_refusal *rows,
    size_t count, int status, struct str code, struct str message);
/* Fills in *outcome as a NOT_DONE of our own making and returns false. */
bool verdict_refuse(struct outcome *outcome, const char *code, bool transient,
    struct str message);
struct outcome verdict_unknown(const char *code, struct str message);
/* The server did it, and `success` doesn't hold of what it answered. */
struct outcome verdict_unsuccessful(const char *code);

/* ---- retry_after.c ---- */

/* RFC 9110 section 10.2.3: seconds, or a date against the answer's own
 * `Date` (absent: now_ms).  false where it can't be read. */
MUST_USE bool retry_after_parse(struct str text, struct str date,
    int64_t now_ms, int64_t *delay_ms);

/* ---- jws.c: JSON Web Signatures ---- */

#define JWS_KEYS_MAX 32
#define JWS_OBIE "http://openbanking.org.uk/"

struct jws_key {
	struct signature_key *key;
	struct str id;                      /* may be absent */
	enum signature_algorithm algorithm; /* that it is for; NONE: any */
};
struct jws_keys {
	struct jws_key items[JWS_KEYS_MAX];
	size_t count;
};
/* Of a text, or a list of texts; what is no key is left out, and of JWKs what
 * has another id. */
void jws_keys_read(struct arena *arena, const struct value *given,
    struct str id, struct jws_keys *keys);
/* Of a JWK set those with that id; absent: all. */
void jws_keys_find(struct arena *arena, struct str set, struct str id,
    struct jws_keys *keys);
void jws_keys_fini(struct jws_keys *keys);

struct jws {
	struct str header_text;  /* as it is signed */
	struct str payload_text; /* empty: detached */
	struct str signature;    /* bytes */
	const struct value *header;
	enum signature_algorithm algorithm;
	bool is_plain; /* RFC 7797: the payload is signed as it is */
};
MUST_USE bool jws_parse(struct arena *arena, struct str text, struct jws *jws);
/* payload: of a detached one; algorithms: bits, 0: all that fit a key. */
bool jws_is_genuine(struct arena *arena, const struct jws *jws,
    struct str payload, const struct jws_keys *keys, uint32_t algorithms);
MUST_USE bool jws_payload(
    struct arena *arena, const struct jws *jws, struct str *payload);

struct jws_terms {
	int64_t now_ms;
	int64_t skew_ms;
	struct str issuer;   /* absent: any */
	struct str audience; /* absent: any */
	bool must_expire;
};
enum jws_fault {
	JWS_SOUND,
	JWS_NO_CLAIMS, /* no object */
	JWS_UNTIMED,   /* no exp, where there must be one */
	JWS_EXPIRED,
	JWS_EARLY, /* nbf or iat is to come */
	JWS_OTHER_ISSUER,
	JWS_OTHER_AUDIENCE,
};
/* RFC 7519 section 4.1: exp, nbf, iat, iss, aud. */
enum jws_fault jws_claims_fault(
    const struct value *claims, const struct jws_terms *terms);
bool jws_claims_hold(const struct value *claims, const struct jws_terms *terms);
/* What UK Open Banking puts into the header: iat, iss. */
bool jws_header_holds(
    const struct value *header, const struct jws_terms *terms);

enum jws_form {
	JWS_COMPACT,
	JWS_DETACHED,       /* RFC 7515, appendix F */
	JWS_DETACHED_PLAIN, /* RFC 7797: the header has to say so */
};
MUST_USE bool jws_make(struct arena *arena, const struct signature_key *key,
    enum signature_algorithm algorithm, const struct value *header,
    struct str payload, enum jws_form form, struct str *out);

/* ---- signed_text.c: what an HMAC is over ---- */

struct signed_message {
	struct str method;
	struct str url; /* may be absent */
	const struct message_header *headers;
	size_t header_count;
	struct str body;
	struct str timestamp; /* may be absent */
};
/* Path and query, "/" where there is none; and the authority without a port
 * that is the scheme's own. */
struct str signed_text_target(struct str url);
struct str signed_text_authority(struct str url);
struct str signed_text_make(struct arena *arena,
    const struct def_signature *signature,
    const struct signed_message *message);

/* ---- proof.c: whether a message is from whom it says ---- */

struct proof {
	const struct def_signature *signature;
	struct call_scope *scope;
	struct str method; /* it came by, or what it answers */
	struct str url;    /* of what it answers; else absent */
	const struct message_header *headers;
	size_t header_count;
	struct str body;
	struct str payload; /* what is proven: the body, or what it wraps */
};
bool proof_holds(struct proof *proof);

/* ---- sign.c: requests ---- */

/* Adds what proves where the request comes from; the last thing to do. */
MUST_USE bool sign_request(struct call_scope *scope,
    const struct def_signature *signature, struct message_request *request,
    struct outcome *failure);

/* ---- protocols ---- */

/* Makes the list of headers, in which a later name replaces an earlier. */
struct header_list {
	struct arena *arena;
	struct message_header *items;
	size_t count;
	size_t capacity;
};
/* false where name or value can't stand in a header (RFC 9110 section 5). */
MUST_USE bool header_list_set(struct header_list *list,
    struct message_header header);
struct str header_list_find(const struct header_list *list, struct str name);

/* rest_url.c */
/* Of an address that is no more than a host: no credentials, no path. */
bool rest_is_host(struct str text);
/* The connection's url and what comes after it; false with *failure. */
MUST_USE bool rest_url(struct call_scope *scope,
    const struct def_operation *operation, struct str *url,
    struct outcome *failure);
/* A connection's own address: absolute, http or https; as it is given. */
MUST_USE bool rest_base_url(struct call_scope *scope,
    const struct template *template, struct str *url, struct outcome *failure);
/* The same where that comes after it: with one "/" between them. */
struct str rest_before_path(struct str url, struct str path);
/* rest_body.c: as its content type says; false where it can't be. */
struct rest_body {
	struct str content_type; /* what comes out may have a boundary */
	struct str bytes;
	struct str why; /* it can't be */
};
MUST_USE bool rest_body(struct arena *arena, const struct value *value,
    struct rest_body *body);
/* Without its parameters. */
struct str rest_media_type(struct str content_type);
/* That type, or one with that suffix. */
bool rest_is_media_type(struct str content_type, struct str name,
    struct str suffix);
bool rest_is_json(struct str content_type);
/* rest_form.c: false for what is no text. */
MUST_USE bool rest_form(struct arena *arena, const struct value *value,
    struct buf *out);
/* One field, after an "&" where it isn't the first. */
MUST_USE bool rest_form_add(struct arena *arena, struct str name,
    const struct value *value, struct buf *out);
/* rest_multipart.c */
MUST_USE bool rest_multipart(struct arena *arena, const struct value *value,
    struct rest_body *body);
/* xml_write.c: false with *why where XML can't hold it. */
bool xml_is_type(struct str content_type);
MUST_USE bool xml_write(struct arena *arena, const struct value *value,
    struct str *text, struct str *why);
/* xml_decode.c: the document in UTF-8, which its declaration tells then, or
 * itself where it is that; absent where it can't be read. */
struct str xml_decode(struct arena *arena, struct str text);
/* xml_read.c: NULL with *why. */
MUST_USE const struct value *xml_read(struct arena *arena, struct str text,
    const struct def_xml *rules, const char **why);
/* rest_proxy.c: sets the request's proxy, where the connection has one. */
MUST_USE bool rest_proxy(struct call_scope *scope,
    const struct def_connection *connection, struct message_request *request,
    struct outcome *failure);
/* "host", "host:22", "[::1]:22"; a port that it hasn't stays as it is. */
MUST_USE bool rest_split_host(
    struct str text, struct str *host, struct str *port);
/* rest.c */
/* The template's fields; a null leaves one out.  NULL: none. */
MUST_USE bool rest_headers(struct call_scope *scope,
    struct header_list *headers, const struct template *template,
    struct outcome *failure);
/* Whether an expression of the operation reads the answer's body. */
bool rest_reads_body(const struct def_operation *operation);
/* What the template gives as a body; nothing where that is null. */
MUST_USE bool rest_make_body(struct call_scope *scope,
    const struct template *template, struct rest_body *body,
    struct outcome *failure);
/* The same once more as history shows it, with "***" for what is secret. */
MUST_USE bool rest_show_body(struct call_scope *scope,
    const struct template *template, struct str content_type,
    struct message_request *request, struct outcome *failure);
MUST_USE bool rest_prepare(const struct connector_call *call,
    struct call_scope *scope, struct message_request *request,
    struct outcome *failure);
struct outcome rest_judge(const struct connector_call *call,
    struct call_scope *scope);
/* What all requests share: authorization, certificates, trace, proxy. */
MUST_USE bool rest_authorize(struct call_scope *scope,
    const struct def_connection *connection, struct str token,
    struct header_list *headers, struct outcome *failure);
/* Puts the credentials of now in the place of those that it has. */
MUST_USE bool rest_renew(struct call_scope *scope,
    const struct def_connection *connection, struct str token,
    struct message_request *request);
MUST_USE bool rest_finish(struct call_scope *scope,
    const struct def_connection *connection, struct header_list *headers,
    struct message_request *request, struct outcome *failure);

/* Null is none: then whom the system trusts. */
bool rest_has_authority(struct call_scope *scope,
    const struct template *template);
/* In PEM, or an absolute path. */
bool rest_is_authority(struct str ca);
MUST_USE bool rest_certificates(struct call_scope *scope,
    const struct def_connection *connection, struct message_request *request,
    struct outcome *failure);

/* oauth2.c */
MUST_USE bool oauth2_prepare(const struct def_connection *connection,
    struct call_scope *scope, struct message_request *request,
    struct outcome *failure);
MUST_USE bool oauth2_interpret(const struct reply *reply, struct arena *arena,
    struct connector_token *token, struct outcome *failure);

/* odoo.c */
MUST_USE bool odoo_prepare(const struct connector_call *call,
    struct call_scope *scope, struct message_request *request,
    struct outcome *failure);
/*
 * Takes off the envelope, so that a definition reads the same in both
 * dialects: `body` is what the method gave, or the exception {name, message,
 * arguments, …}; `result` is what it gave, or null.
 */
void odoo_read(const struct connector_call *call, struct call_scope *scope);
struct outcome odoo_judge(const struct connector_call *call,
    struct call_scope *scope);
MUST_USE bool odoo_login_prepare(const struct def_connection *connection,
    struct call_scope *scope, struct message_request *request,
    struct outcome *failure);
MUST_USE bool odoo_login_interpret(const struct reply *reply,
    struct arena *arena, struct connector_token *token,
    struct outcome *failure);
/* odoo_value.c: arguments in the forms that Odoo's fields take, and the rows of
 * `load`, whose cells are texts. */
const struct value *odoo_value(struct arena *arena, const struct value *value);
const struct value *odoo_rows(struct arena *arena, const struct value *rows);

/* odoo_error.c: an error object's meaning, by its `data.name`. */
struct outcome odoo_error(const struct value *error);

/* mail.c: a message as it is written down */
struct mail_address {
	struct str name; /* may be empty */
	struct str address;
};
struct mail_addresses {
	struct mail_address *items;
	size_t count;
	size_t capacity;
};
struct mail {
	struct mail_address from;
	struct mail_addresses to;
	struct mail_addresses cc;
	struct mail_addresses reply_to;
	struct str subject;
	struct str text;
	struct str date;
	struct str id;
};
/* "a@example.com", or "Name <a@example.com>"; ASCII only in the address. */
MUST_USE bool mail_address_parse(struct str text, struct mail_address *out);
struct str mail_date(struct arena *arena, int64_t now_ms);
struct str mail_id(struct arena *arena, struct str key, struct str from);
struct str mail_write(struct arena *arena, const struct mail *mail);

/* smtp.c */
MUST_USE bool smtp_prepare(const struct connector_call *call,
    struct call_scope *scope, struct message_request *request,
    struct outcome *failure);
struct outcome smtp_judge(const struct connector_call *call,
    struct call_scope *scope);
/* sftp.c */
MUST_USE bool sftp_prepare(const struct connector_call *call,
    struct call_scope *scope, struct message_request *request,
    struct outcome *failure);
struct outcome sftp_judge(const struct connector_call *call,
    struct call_scope *scope);

/* amqp.c */
MUST_USE bool amqp_prepare(const struct connector_call *call,
    struct call_scope *scope, struct message_request *request,
    struct outcome *failure);
struct outcome amqp_judge(const struct connector_call *call,
    struct call_scope *scope);
struct outcome amqp_refusal(
    struct arena *arena, const struct message_response *response);
/* cloud_event.c: fills the request's headers and body, and what of the
 * message's own properties goes with them. */
void cloud_event_write(struct arena *arena,
    const struct connector_event *event, bool is_structured,
    struct message_request *request, struct message_publish *publish);
/* false where it is no CloudEvent that we can carry. */
MUST_USE bool cloud_event_read(struct arena *arena,
    const struct message_response *delivery, struct connector_event *event);

/* connector_webhook.c: the first rule that holds, or NULL. */
const struct def_webhook_event *connector_find_event(struct call_scope *scope,
    const struct def_webhook_event *rules, size_t count);
/* `item` as an event, by the rule; false where its texts are none.  An id
 * that the rule doesn't give is absent. */
MUST_USE bool connector_map_event(struct call_scope *scope,
    const struct def_webhook_event *rule, struct connector_event *event);

/* connector.c: what all requests end with; false with *failure where an
 * expression was given up or a secret is missing. */
MUST_USE bool connector_finish(struct call_scope *scope,
    struct message_request *request, bool is_ready, struct outcome *failure);
/* success, with the operation's output, or `whole` where it
 * defines none. */
struct outcome connector_done(const struct connector_call *call,
    struct call_scope *scope, const struct value *whole);

#endif
