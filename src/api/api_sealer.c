/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_sealer.c: checkpoints, by the clock and on demand.
 *
 *	SEALER_IDLE ─► SEALER_READING ─► SEALER_STORING ─► SEALER_IDLE
 *	                the log, a slice   sign, commit     and out
 *	                at a time
 *
 * Only what was recorded since the last one is read, a slice of time at a
 * turn of the loop.  A checkpoint leaves the machine once it is durable: what
 * is published never has to be taken back.
 */
#include "api_priv.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stated/export_proof.h"

#define SLICE_US 2000
#define SLICE_TURNS 256
#define LOOK_MS_MAX 1000 /* the clock may be set anew */
#define RETRY_MS 1000
#define RETRY_MS_MAX (5LL * 60 * 1000)
#define POST_MS (30LL * 1000)

enum sealer_state { SEALER_IDLE, SEALER_READING, SEALER_STORING };

/* A checkpoint on its way to the webhook; only the newest is. */
struct delivery {
	struct buf document;
	uint64_t number; /* 0: none */
	bool is_sent;	 /* and not answered */
	int64_t pause_ms;
	struct event *again;
};

struct api_sealer {
	struct api *api;
	enum sealer_state state;
	struct event *work; /* the next slice, or the next look at the clock */
	struct export_maker *maker;
	struct api_call *call; /* who asked for it; NULL: the clock */
	struct arena *arena;   /* of the one that is made */
	struct store_checkpoint made;
	int64_t next_ms; /* when it is time again; 0: never */
	struct delivery delivery;
};

static const struct api_checkpoints *
options_of(const struct api_sealer *sealer)
{
	return &sealer->api->options.checkpoints;
}

static int64_t
now_ms(const struct api_sealer *sealer)
{
	return clock_now_ms(sealer->api->options.outer_clock);
}

static struct store *
store_of(const struct api_sealer *sealer)
{
	return engine_store(sealer->api->options.engine);
}

static void
work_in(struct api_sealer *sealer, int64_t ms)
{
	const struct timeval delay = {
	    .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	must(event_add(sealer->work, &delay) == 0);
}

/* ---- the key ---- */

struct signature_key *
api_sealer_key(const struct api *api, const char **why)
{
	struct str name = api->options.checkpoints.key;
	const struct value *pem = NULL;
	struct signature_key *key = NULL;

	*why = "no key is configured: make one by `openssl genpkey -algorithm "
	       "ed25519`, keep it as a secret, and name that in "
	       "checkpoints.key";
	if (name.at == NULL)
		return NULL;
	*why = "the secret that checkpoints.key names is not there, or can't "
	       "be read for the moment";
	if (api->options.secret != NULL)
		pem = api->options.secret(api->options.secret_arg, name);
	if (pem == NULL)
		return NULL;
	*why = "the secret that checkpoints.key names is no private key of "
	       "Ed25519 in PEM";
	key = signature_key_read(value_str(pem));
	if (key != NULL && !signature_key_fits(key, SIGNATURE_EDDSA))
		signature_key_free(&key);
	return key;
}

/* ---- the webhook ---- */

static void send_cb(evutil_socket_t fd, short what, void *arg);

static void
send_again_in(struct api_sealer *sealer, int64_t ms)
{
	const struct timeval delay = {
	    .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	must(event_add(sealer->delivery.again, &delay) == 0);
}

static void
answered_cb(const struct message_response *response, void *arg)
{
	struct api_sealer *sealer = arg;
	struct delivery *delivery = &sealer->delivery;
	bool is_taken = response->failure == MESSAGE_OK &&
			response->status >= 200 && response->status < 300;

	delivery->is_sent = false;
	if (is_taken) {
		delivery->number = 0;
		return;
	}
	log_warning("checkpoint not delivered",
	    "number=%llu failure=%.*s status=%d: it is sent again",
	    (unsigned long long)delivery->number,
	    STR_ARG(message_failure_name(response->failure)),
	    response->status);
	send_again_in(sealer, delivery->pause_ms);
	delivery->pause_ms *= 2;
	if (delivery->pause_ms > RETRY_MS_MAX)
		delivery->pause_ms = RETRY_MS_MAX;
}

static void
send_cb(evutil_socket_t fd, short what, void *arg)
{
	struct api_sealer *sealer = arg;
	struct delivery *delivery = &sealer->delivery;
	const struct message_header headers[] = {
	    {.name = STR("Content-Type"), .value = STR("application/json")}};
	const struct message_request request = {
	    .method = STR("POST"),
	    .url = options_of(sealer)->webhook,
	    .headers = headers,
	    .header_count = 1,
	    .body = buf_str(&delivery->document),
	    .timeout_ms = POST_MS,
	    .response_bytes_max = 64 * 1024,
	};

	(void)fd, (void)what;
	if (delivery->number == 0 || delivery->is_sent)
		return;
	delivery->is_sent = true;
	http_send(options_of(sealer)->http, &request, answered_cb, sealer);
}

static void
deliver(struct api_sealer *sealer)
{
	struct delivery *delivery = &sealer->delivery;

	if (options_of(sealer)->webhook.at == NULL)
		return;
	buf_clear(&delivery->document);
	buf_add_str(&delivery->document, sealer->made.document);
	buf_add_char(&delivery->document, '\n');
	delivery->number = sealer->made.number;
	delivery->pause_ms = RETRY_MS;
	send_again_in(sealer, 0);
}

/* ---- the file ---- */

static bool
write_line(int fd, struct str line)
{
	while (line.bytes > 0) {
		ssize_t bytes = write(fd, line.at, line.bytes);

		if (bytes < 0)
			return false;
		line = str_slice(line, (size_t)bytes, line.bytes);
	}
	return fsync(fd) == 0;
}

/* All of it or nothing, where the file lets go of what was written: half a
 * line, to which the next one is added, would spoil both. */
static bool
add_line(int fd, struct str line)
{
	struct stat before;
	bool is_known = fstat(fd, &before) == 0;
	int why;

	if (write_line(fd, line))
		return true;
	why = errno;
	if (is_known && ftruncate(fd, before.st_size) == 0)
		(void)fsync(fd);
	errno = why;
	return false;
}

/* At most so many bytes of its end; the absent string where there are none,
 * or it is nothing that could be read. */
static struct str
read_end(struct arena *arena, const char *path, size_t bytes_max)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct str end = {NULL, 0};
	struct stat file;

	if (fd >= 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode)) {
		size_t bytes = (size_t)file.st_size < bytes_max
				   ? (size_t)file.st_size
				   : bytes_max;
		char *at = arena_alloc(arena, bytes + 1);

		if (pread(fd, at, bytes, file.st_size - (off_t)bytes) ==
		    (ssize_t)bytes)
			end = (struct str){at, bytes};
	}
	if (fd >= 0)
		close(fd);
	return end;
}

/* `line` ends with a newline, and `end` has room for one before it. */
static bool
is_last_line(struct str end, struct str line)
{
	return str_has_suffix(end, line) &&
	       (end.bytes == line.bytes || end.at[0] == '\n');
}

static void
append(struct api_sealer *sealer)
{
	struct arena *arena = sealer->arena;
	struct str file = options_of(sealer)->file;
	struct str line =
	    arena_strf(arena, "%.*s\n", STR_ARG(sealer->made.document));
	const char *path;
	struct str end;
	int fd;

	if (file.at == NULL)
		return;
	path = arena_cstr(arena, file);
	end = read_end(arena, path, line.bytes + 1);
	if (is_last_line(end, line))
		return;
	if (end.bytes > 0 && !str_has_suffix(end, STR("\n")))
		line = arena_strf(arena, "\n%.*s", STR_ARG(line));
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
	    O_NONBLOCK, 0644); /* a pipe may have no reader */
	if (fd < 0 || !add_line(fd, line))
		log_error("checkpoint not written",
		    "number=%llu file=%.*s: %s; `stated checkpoint show` has "
		    "it", (unsigned long long)sealer->made.number,
		    STR_ARG(file), strerrordesc_np(errno));
	if (fd >= 0)
		close(fd);
}

/* ---- out ---- */

static void
send_away(struct api_sealer *sealer)
{
	append(sealer);
	deliver(sealer);
	if (options_of(sealer)->log)
		log_info("checkpoint", "%.*s", STR_ARG(sealer->made.document));
}

/* ---- making one ---- */

/* It is over, well or not: who asked has been told. */
static void
settle(struct api_sealer *sealer)
{
	sealer->state = SEALER_IDLE;
	export_maker_free(&sealer->maker);
	arena_reset(sealer->arena);
	if (sealer->call != NULL)
		api_call_unref(sealer->call);
	sealer->call = NULL;
	work_in(sealer, 0);
}

static void
fail(struct api_sealer *sealer, enum api_problem problem, struct str why)
{
	struct api_call *call = sealer->call;

	if (call == NULL)
		log_error("no checkpoint", "%.*s", STR_ARG(why));
	else if (call->request != NULL)
		api_problem_reply(call, problem, "%.*s.", STR_ARG(why));
	settle(sealer);
}

static void
stored_cb(const struct engine_reply *reply, void *arg)
{
	struct api_sealer *sealer = arg;
	struct api_call *call = sealer->call;

	if (reply->status != ENGINE_OK) {
		fail(sealer, PROBLEM_UNAVAILABLE, reply->detail);
		return;
	}
	send_away(sealer);
	if (call != NULL && call->request != NULL)
		api_reply_bytes(call, 201, "application/json",
		    arena_strf(call->arena, "%.*s\n",
			STR_ARG(sealer->made.document)));
	settle(sealer);
}

static const struct value *
fields_of(struct arena *arena, const struct audit_checkpoint *checkpoint)
{
	struct value_builder *fields = value_build_context(arena);
	char hex[DIGEST_HEX_BYTES];

	value_put_int(fields, "number", (int64_t)checkpoint->number);
	value_put_int(fields, "size", (int64_t)checkpoint->size);
	value_put_str(fields, "root", digest_hex(checkpoint->root, hex));
	return value_built(fields);
}

static void
seal(struct api_sealer *sealer)
{
	struct audit_checkpoint checkpoint =
	    export_maker_checkpoint(sealer->maker);
	const char *why;
	struct signature_key *key = api_sealer_key(sealer->api, &why);
	struct engine_entry entry = {
	    .kind = JOURNAL_CHECKPOINT_MADE,
	    .checkpoint = &sealer->made,
	};
	struct str document = {NULL, 0};

	checkpoint.time_ms = now_ms(sealer);
	if (key != NULL)
		document =
		    audit_checkpoint_sign(sealer->arena, &checkpoint, key);
	signature_key_free(&key);
	if (document.at == NULL) {
		fail(sealer, PROBLEM_NO_KEY, str_of(why));
		return;
	}
	sealer->made = (struct store_checkpoint){
	    .number = checkpoint.number,
	    .size = checkpoint.size,
	    .at_ms = checkpoint.time_ms,
	    .document = document,
	};
	if (sealer->call != NULL)
		entry.actor = sealer->call->actor.name;
	entry.fields = fields_of(sealer->arena, &checkpoint);
	entry.nodes = export_maker_nodes(sealer->maker, &entry.node_count);
	sealer->state = SEALER_STORING;
	engine_journal(sealer->api->options.engine, &entry, stored_cb, sealer);
}

static void
read_on(struct api_sealer *sealer)
{
	int64_t until_us = clock_monotonic_us() + SLICE_US;
	enum store_error error = STORE_OK;
	bool is_done = false;

	while (error == STORE_OK && !is_done && clock_monotonic_us() < until_us)
		error = export_maker_step(
		    sealer->maker, SLICE_TURNS, &is_done);
	if (error != STORE_OK)
		fail(sealer, PROBLEM_INTERNAL, store_error_text(error));
	else if (is_done)
		seal(sealer);
	else
		work_in(sealer, 0);
}

static void
begin(struct api_sealer *sealer)
{
	enum store_error error =
	    export_maker_begin(store_of(sealer), &sealer->maker);
	bool is_wanted = error == STORE_OK &&
			 (sealer->call != NULL ||
			     export_maker_has_news(sealer->maker));

	sealer->state = SEALER_READING;
	if (error != STORE_OK)
		fail(sealer, PROBLEM_INTERNAL, store_error_text(error));
	else if (!is_wanted)
		settle(sealer);
	else
		work_in(sealer, 0);
}

/* ---- by the clock ---- */

/* From the last one on, whenever the engine was started. */
static int64_t
first_ms(struct api_sealer *sealer)
{
	struct store_checkpoint newest;
	enum store_error error = store_find_checkpoint(
	    store_of(sealer), sealer->arena, 0, &newest);
	int64_t now = now_ms(sealer), next = now;

	if (error == STORE_OK)
		next = newest.at_ms + options_of(sealer)->every_ms;
	arena_reset(sealer->arena);
	return next > now ? next : now;
}

static void
look(struct api_sealer *sealer)
{
	int64_t every_ms = options_of(sealer)->every_ms;
	int64_t delay_ms;

	if (every_ms == 0 || options_of(sealer)->key.at == NULL ||
	    sealer->api->draining)
		return;
	if (sealer->next_ms == 0)
		sealer->next_ms = first_ms(sealer);
	/* The last one may be of a time when the clock was ahead. */
	if (sealer->next_ms > now_ms(sealer) + every_ms)
		sealer->next_ms = now_ms(sealer) + every_ms;
	if (now_ms(sealer) >= sealer->next_ms) {
		sealer->next_ms = now_ms(sealer) + every_ms;
		begin(sealer);
		return;
	}
	delay_ms = clock_sleep_ms(sealer->api->options.outer_clock, sealer->next_ms);
	work_in(sealer, delay_ms < LOOK_MS_MAX ? delay_ms : LOOK_MS_MAX);
}

static void
work_cb(evutil_socket_t fd, short what, void *arg)
{
	struct api_sealer *sealer = arg;

	(void)fd, (void)what;
	switch (sealer->state) {
	case SEALER_IDLE:
		look(sealer);
		break;
	case SEALER_READING:
		read_on(sealer);
		break;
	case SEALER_STORING:
		break; /* its end goes on */
	}
}

/* ---- life ---- */

/* The newest may be durable, and the engine have ended before it left the
 * machine: nobody knows whether it did, so it goes out once more. */
static void
take_up(struct api_sealer *sealer)
{
	if (store_find_checkpoint(store_of(sealer), sealer->arena, 0,
		&sealer->made) == STORE_OK)
		send_away(sealer);
	arena_reset(sealer->arena);
}

struct api_sealer *
api_sealer_new(struct api *api)
{
	struct api_sealer *sealer = calloc(1, sizeof(*sealer));
	struct event_base *base = api->options.base;

	must(sealer != NULL);
	sealer->api = api;
	sealer->arena = arena_new();
	sealer->work = event_new(base, -1, 0, work_cb, sealer);
	sealer->delivery.again = event_new(base, -1, 0, send_cb, sealer);
	must(sealer->work != NULL && sealer->delivery.again != NULL);
	take_up(sealer);
	work_in(sealer, 0);
	return sealer;
}

void
api_sealer_free(struct api_sealer **freed)
{
	struct api_sealer *sealer = *freed;

	if (sealer == NULL)
		return;
	event_free(sealer->work);
	event_free(sealer->delivery.again);
	export_maker_free(&sealer->maker);
	buf_fini(&sealer->delivery.document);
	arena_free(&sealer->arena);
	free(sealer);
	*freed = NULL;
}

void
api_sealer_make(struct api_call *call)
{
	struct api_sealer *sealer = call->api->sealer;
	struct signature_key *key;
	const char *why;

	if (!api_body_is_empty(call))
		return;
	key = api_sealer_key(call->api, &why);
	if (key == NULL) {
		api_problem_reply(call, PROBLEM_NO_KEY, "%s.", why);
		return;
	}
	signature_key_free(&key);
	if (sealer->state != SEALER_IDLE) {
		api_reply_header(call, "Retry-After", STR("1"));
		api_problem_reply(call, PROBLEM_BUSY,
		    "A checkpoint is being made; try again in a moment.");
		return;
	}
	api_call_ref(call);
	sealer->call = call;
	begin(sealer);
}
