/* SPDX-License-Identifier: Apache-2.0 */
#include "rabbit.h"

#include "daemon.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SERVER "/usr/lib/rabbitmq/bin/rabbitmq-server"
#define NAMES "/usr/bin/epmd"
#define START_S 120

bool
rabbit_is_there(void)
{
	return access(SERVER, X_OK) == 0 && access(NAMES, X_OK) == 0;
}

/* ---- the broker ---- */

/* Bound and never listened on: the kernel gives the port to nobody else, and
 * whoever is told of it may listen there. */
static int
reserve(char port[8])
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t bytes = sizeof(at);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0);
	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0);
	must(bind(fd, (struct sockaddr *)&at, bytes) == 0);
	must(getsockname(fd, (struct sockaddr *)&at, &bytes) == 0);
	snprintf(port, 8, "%u", ntohs(at.sin_port));
	return fd;
}

static const char *
path_of(const struct rabbit *rabbit, const char *name)
{
	static char paths[4][128];
	static size_t next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", rabbit->folder, name);
	return path;
}

static void
write_file(const struct rabbit *rabbit, const char *name, const char *text)
{
	FILE *file = fopen(path_of(rabbit, name), "w");

	must(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void
configure(const struct rabbit *rabbit, const char *certificate)
{
	char text[2048];
	int bytes = snprintf(text, sizeof(text),
	    "listeners.tcp.default = 127.0.0.1:%s\n"
	    "disk_free_limit.absolute = 1MB\n"
	    "vm_memory_high_watermark.absolute = 2GB\n",
	    rabbit->ports[RABBIT_PORT]);

	if (certificate != NULL) {
		write_file(rabbit, "tls.pem", certificate);
		snprintf(text + bytes, sizeof(text) - (size_t)bytes,
		    "listeners.ssl.default = 127.0.0.1:%s\n"
		    "ssl_options.cacertfile = %s\n"
		    "ssl_options.certfile = %s\n"
		    "ssl_options.keyfile = %s\n"
		    "ssl_options.verify = verify_peer\n"
		    "ssl_options.fail_if_no_peer_cert = false\n"
		    "auth_mechanisms.1 = PLAIN\n"
		    "auth_mechanisms.2 = EXTERNAL\n"
		    "ssl_cert_login_from = common_name\n",
		    rabbit->ports[RABBIT_TLS], path_of(rabbit, "tls.pem"),
		    path_of(rabbit, "tls.pem"), path_of(rabbit, "tls.pem"));
	}
	write_file(rabbit, "rabbit.conf", text);
	write_file(rabbit, "plugins",
	    certificate != NULL ? "[rabbitmq_auth_mechanism_ssl].\n"
				: "[].\n");
}

static void
set(const struct rabbit *rabbit, const char *name, const char *file)
{
	setenv(name, path_of(rabbit, file), 1);
}

/* What the broker and its port mapper look for in the environment. */
static void
set_environment(const struct rabbit *rabbit)
{
	char node[32];

	snprintf(node, sizeof(node), "test-%d@localhost", (int)getpid());
	setenv("RABBITMQ_NODENAME", node, 1);
	setenv("RABBITMQ_NODE_PORT", rabbit->ports[RABBIT_PORT], 1);
	setenv("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1", 1);
	setenv("RABBITMQ_DIST_PORT", rabbit->ports[RABBIT_NODES], 1);
	setenv("ERL_EPMD_PORT", rabbit->ports[RABBIT_NAMES], 1);
	setenv("ERL_EPMD_ADDRESS", "127.0.0.1", 1);
	/* Else a shell would stand between the broker and whoever ends it. */
	setenv("RUNNING_UNDER_SYSTEMD", "1", 1);
	unsetenv("NOTIFY_SOCKET");
	set(rabbit, "HOME", "");
	set(rabbit, "RABBITMQ_MNESIA_BASE", "data");
	set(rabbit, "RABBITMQ_LOG_BASE", "log");
	set(rabbit, "RABBITMQ_LOGS", "rabbit.log");
	set(rabbit, "RABBITMQ_PID_FILE", "pid");
	set(rabbit, "RABBITMQ_ENABLED_PLUGINS_FILE", "plugins");
	set(rabbit, "RABBITMQ_PLUGINS_EXPAND_DIR", "expand");
	set(rabbit, "RABBITMQ_CONFIG_FILE", "rabbit.conf");
	set(rabbit, "RABBITMQ_CONF_ENV_FILE", "none");
	set(rabbit, "RABBITMQ_ADVANCED_CONFIG_FILE", "none");
	set(rabbit, "RABBITMQ_GENERATED_CONFIG_DIR", "generated");
	set(rabbit, "RABBITMQ_SCHEMA_DIR", "schema");
}

/* A child's environment is not the test's: this process keeps its own. */
static pid_t
start(const struct rabbit *rabbit, const char *program)
{
	const char *const arguments[] = {program, NULL};
	char *home = getenv("HOME");
	char *kept = home != NULL ? strdup(home) : NULL;
	pid_t child;

	set_environment(rabbit);
	child = daemon_start(arguments);
	if (kept != NULL)
		setenv("HOME", kept, 1);
	free(kept);
	return child;
}

static amqp_connection_state_t
connect_to(const struct rabbit *rabbit)
{
	amqp_connection_state_t state = amqp_new_connection();
	struct timeval patience = {5, 0};
	amqp_socket_t *socket = amqp_tcp_socket_new(state);

	if (amqp_socket_open_noblock(socket, "127.0.0.1",
		atoi(rabbit->ports[RABBIT_PORT]), &patience) ==
		AMQP_STATUS_OK &&
	    amqp_login(state, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN,
		"guest", "guest").reply_type == AMQP_RESPONSE_NORMAL) {
		(void)amqp_channel_open(state, 1);
		if (amqp_get_rpc_reply(state).reply_type ==
		    AMQP_RESPONSE_NORMAL)
			return state;
	}
	(void)amqp_destroy_connection(state);
	return NULL;
}

static amqp_connection_state_t
client_of(const struct rabbit *rabbit)
{
	amqp_connection_state_t state = connect_to(rabbit);

	if (state == NULL)
		fail_msg("the broker doesn't let us in");
	return state;
}

static void
let_go(amqp_connection_state_t state)
{
	(void)amqp_connection_close(state, AMQP_REPLY_SUCCESS);
	(void)amqp_destroy_connection(state);
}

static void
await(struct rabbit *rabbit)
{
	const struct timespec wait = {.tv_nsec = 100 * 1000 * 1000};
	time_t until = time(NULL) + START_S;
	amqp_connection_state_t state;

	while ((state = connect_to(rabbit)) == NULL) {
		if (waitpid(rabbit->broker, NULL, WNOHANG) != 0)
			fail_msg("the broker ended: see %s/rabbit.log",
			    rabbit->folder);
		if (time(NULL) > until)
			fail_msg("the broker doesn't begin");
		(void)nanosleep(&wait, NULL);
	}
	let_go(state);
}

void
rabbit_start(struct rabbit *rabbit)
{
	must(rabbit->broker == 0);
	rabbit->broker = start(rabbit, SERVER);
	await(rabbit);
}

void
rabbit_open(struct rabbit *rabbit, const char *certificate)
{
	memset(rabbit, 0, sizeof(*rabbit));
	strcpy(rabbit->folder, "/tmp/stated-rabbit-XXXXXX");
	must(mkdtemp(rabbit->folder) != NULL);
	for (size_t i = 0; i < RABBIT_PORTS; i++)
		rabbit->reserves[i] = reserve(rabbit->ports[i]);
	configure(rabbit, certificate);
	rabbit->names = start(rabbit, NAMES);
	rabbit_start(rabbit);
}

/* Its threads stop one by one: some might answer yet. */
void
rabbit_halt(struct rabbit *rabbit)
{
	int status = 0;

	must(kill(rabbit->broker, SIGSTOP) == 0);
	while (waitpid(rabbit->broker, &status, WUNTRACED) < 0)
		must(errno == EINTR);
	must(WIFSTOPPED(status));
}

void
rabbit_kill(struct rabbit *rabbit)
{
	if (rabbit->broker <= 0)
		return;
	(void)kill(rabbit->broker, SIGKILL);
	while (waitpid(rabbit->broker, NULL, 0) < 0 && errno == EINTR)
		continue;
	rabbit->broker = 0;
}

void
rabbit_close(struct rabbit *rabbit)
{
	char command[128];

	rabbit_kill(rabbit);
	daemon_stop(rabbit->names);
	for (size_t i = 0; i < RABBIT_PORTS; i++)
		(void)close(rabbit->reserves[i]);
	snprintf(command, sizeof(command), "rm -rf %s", rabbit->folder);
	must(system(command) == 0);
}

/* ---- the client ---- */

static void
check(amqp_connection_state_t state, const char *what)
{
	amqp_rpc_reply_t reply = amqp_get_rpc_reply(state);

	if (reply.reply_type != AMQP_RESPONSE_NORMAL)
		fail_msg("the broker refuses: %s", what);
}

void
rabbit_declare(struct rabbit *rabbit, const char *queue, const char *dead)
{
	amqp_connection_state_t state = client_of(rabbit);
	amqp_table_entry_t entries[] = {
		{.key = amqp_cstring_bytes("x-dead-letter-exchange"),
		    .value = {.kind = AMQP_FIELD_KIND_UTF8,
			.value.bytes = amqp_cstring_bytes("")}},
		{.key = amqp_cstring_bytes("x-dead-letter-routing-key"),
		    .value = {.kind = AMQP_FIELD_KIND_UTF8,
			.value.bytes = amqp_cstring_bytes(
			    dead != NULL ? dead : "")}},
	};
	amqp_table_t arguments = {dead != NULL ? 2 : 0, entries};

	(void)amqp_queue_declare(state, 1, amqp_cstring_bytes(queue), 0, 1, 0,
	    0, arguments);
	check(state, queue);
	let_go(state);
}

void
rabbit_remove(struct rabbit *rabbit, const char *queue)
{
	amqp_connection_state_t state = client_of(rabbit);

	(void)amqp_queue_delete(state, 1, amqp_cstring_bytes(queue), 0, 0);
	check(state, queue);
	let_go(state);
}

size_t
rabbit_count(struct rabbit *rabbit, const char *queue)
{
	amqp_connection_state_t state = client_of(rabbit);
	amqp_queue_declare_ok_t *found = amqp_queue_declare(state, 1,
	    amqp_cstring_bytes(queue), 1, 0, 0, 0, amqp_empty_table);
	size_t count;

	check(state, queue);
	count = found->message_count;
	let_go(state);
	return count;
}

/* Until each is confirmed; they may be so in any order. */
static void
await_confirms(amqp_connection_state_t state, size_t sent)
{
	bool *is_confirmed = calloc(sent + 1, sizeof(*is_confirmed));
	size_t left = sent;

	must(is_confirmed != NULL);
	while (left > 0) {
		amqp_frame_t frame;
		amqp_basic_ack_t *ack;

		amqp_maybe_release_buffers(state);
		if (amqp_simple_wait_frame(state, &frame) != AMQP_STATUS_OK ||
		    frame.frame_type != AMQP_FRAME_METHOD ||
		    frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
			fail_msg("the broker doesn't confirm");
		ack = frame.payload.method.decoded;
		must(ack->delivery_tag <= sent);
		for (size_t tag = ack->multiple ? 1 : ack->delivery_tag;
		     tag <= ack->delivery_tag; tag++) {
			left -= !is_confirmed[tag];
			is_confirmed[tag] = true;
		}
	}
	free(is_confirmed);
}

static void
send_one(amqp_connection_state_t state, const char *queue,
    const struct rabbit_message *message)
{
	amqp_basic_properties_t properties = {
		._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
		.delivery_mode = AMQP_DELIVERY_PERSISTENT,
		.message_id = amqp_cstring_bytes(message->id),
		.content_type = amqp_cstring_bytes(message->type),
	};
	int status;

	if (message->id[0] != '\0')
		properties._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
	if (message->type[0] != '\0')
		properties._flags |= AMQP_BASIC_CONTENT_TYPE_FLAG;
	/* Mandatory: else one that no queue gets is confirmed all the same. */
	status = amqp_basic_publish(state, 1, amqp_empty_bytes,
	    amqp_cstring_bytes(queue), 1, 0, &properties,
	    amqp_cstring_bytes(message->text));
	assert_int_equal(status, AMQP_STATUS_OK);
}

void
rabbit_send(struct rabbit *rabbit, const char *queue, rabbit_next_fn *next,
    void *arg)
{
	amqp_connection_state_t state = client_of(rabbit);
	struct rabbit_message message = {0};
	size_t sent = 0;

	(void)amqp_confirm_select(state, 1);
	check(state, "confirmations");
	while (next(&message, sent, arg)) {
		send_one(state, queue, &message);
		memset(&message, 0, sizeof(message));
		sent++;
	}
	await_confirms(state, sent);
	let_go(state);
}

static void
keep(char *out, size_t bytes, bool is_there, amqp_bytes_t text)
{
	out[0] = '\0';
	if (is_there)
		snprintf(out, bytes, "%.*s", (int)text.len,
		    (const char *)text.bytes);
}

static void
read_message(const amqp_message_t *from, struct rabbit_message *message)
{
	const amqp_basic_properties_t *properties = &from->properties;
	const amqp_table_t *headers = &properties->headers;

	memset(message, 0, sizeof(*message));
	keep(message->id, sizeof(message->id),
	    properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG,
	    properties->message_id);
	keep(message->type, sizeof(message->type),
	    properties->_flags & AMQP_BASIC_CONTENT_TYPE_FLAG,
	    properties->content_type);
	keep(message->text, sizeof(message->text), true, from->body);
	if ((properties->_flags & AMQP_BASIC_HEADERS_FLAG) == 0)
		return;
	for (int i = 0; i < headers->num_entries; i++) {
		const amqp_table_entry_t *entry = &headers->entries[i];
		char key[64];

		keep(key, sizeof(key), true, entry->key);
		if (strcmp(key, "cloudEvents_type") == 0)
			keep(message->event, sizeof(message->event), true,
			    entry->value.value.bytes);
		if (strcmp(key, "cloudEvents_subject") == 0)
			keep(message->subject, sizeof(message->subject), true,
			    entry->value.value.bytes);
	}
}

size_t
rabbit_take(struct rabbit *rabbit, const char *queue, rabbit_take_fn *take,
    void *arg)
{
	amqp_connection_state_t state = client_of(rabbit);
	size_t count = 0;

	for (;; count++) {
		amqp_rpc_reply_t reply = amqp_basic_get(state, 1,
		    amqp_cstring_bytes(queue), 1);
		amqp_message_t message;
		struct rabbit_message read;

		if (reply.reply.id != AMQP_BASIC_GET_OK_METHOD)
			break;
		must(amqp_read_message(state, 1, &message, 0).reply_type ==
		    AMQP_RESPONSE_NORMAL);
		read_message(&message, &read);
		amqp_destroy_message(&message);
		amqp_maybe_release_buffers(state);
		take(&read, arg);
	}
	let_go(state);
	return count;
}
