/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_file.c: what is asked of a server of files, over SFTP.
 *
 * A file is put in five steps, of which only the last changes anything for
 * others:
 *
 *     look ──► write ──► sync ──► measure ──► rename
 *
 * look     a file of that name is ours, byte for byte: it was put before; any
 *          other stays as it is, and the name is taken (409)
 * write    under a name made of the content, which a later attempt begins anew
 * rename   without replacing; an answer that is lost is the only doubt
 *
 * Then we look again, in a session of its own: the name with our bytes, or
 * neither name, since whoever waited for the file has taken it, means done;
 * the first name still there means not done.
 */
#include "http_priv.h"

#include "stated/clock.h"
#include "stated/digest.h"
#include "stated/json.h"

#include <libssh2.h>
#include <libssh2_sftp.h>
#include <stdlib.h>

#define BODY_BYTES_MAX (16 * 1024 * 1024) /* where the request says nothing */
#define CHUNK_BYTES (32 * 1024)
#define ENTRIES_MAX (100 * 1000)
#define NAME_BYTES_MAX 1024
#define MODE 0640

struct http_file {
	struct arena *arena;
	struct message_file request;
	struct str content;
	int64_t timeout_ms;
	size_t bytes_max;
	struct http_ssh ssh;

	enum message_failure failure;
	int status;
	struct buf body;
	struct buf detail;
	int64_t elapsed_ms;
};

/* A call of libssh2, until it no longer asks to be called again. */
#define AWAIT(ssh, result, call)                                               \
	do                                                                     \
		(result) = (call);                                             \
	while ((result) == LIBSSH2_ERROR_EAGAIN && http_ssh_wait(ssh))

/* ------------------------------------------------------------------- life */

static struct str
copy(struct http_file *file, struct str text)
{
	return arena_str(file->arena, text);
}

struct http_file *
http_file_new(const struct message_request *request)
{
	const struct message_file *asked = request->file;
	struct http_file *file = calloc(1, sizeof(*file));

	must(file != NULL);
	file->arena = arena_new();
	file->request = (struct message_file){
		.verb = asked->verb,
		.host = copy(file, asked->host),
		.port = copy(file, asked->port),
		.host_keys = copy(file, asked->host_keys),
		.user = copy(file, asked->user),
		.password = copy(file, asked->password),
		.key = copy(file, asked->key),
		.passphrase = copy(file, asked->passphrase),
		.path = copy(file, asked->path),
		.to = copy(file, asked->to),
	};
	file->content = copy(file, request->body);
	file->timeout_ms = request->timeout_ms;
	file->bytes_max = request->response_bytes_max > 0
	    ? request->response_bytes_max : BODY_BYTES_MAX;
	return file;
}

static void
wipe(struct str secret)
{
	if (secret.bytes > 0)
		explicit_bzero((char *)(uintptr_t)secret.at, secret.bytes);
}

void
http_file_free(struct http_file **file_take)
{
	struct http_file *file = *file_take;

	if (file == NULL)
		return;
	wipe(file->request.password);
	wipe(file->request.key);
	wipe(file->request.passphrase);
	buf_fini(&file->body);
	buf_fini(&file->detail);
	arena_free(&file->arena);
	free(file);
	*file_take = NULL;
}

struct message_response
http_file_response(const struct http_file *file)
{
	return (struct message_response){
		.failure = file->failure,
		.status = file->status,
		.body = buf_str(&file->body),
		.detail = buf_str(&file->detail),
		.elapsed_ms = file->elapsed_ms,
	};
}

/* ----------------------------------------------------------------- answers */

static void
answer(struct http_file *file, int status, const char *detail)
{
	file->failure = MESSAGE_OK;
	file->status = status;
	if (status == 200)
		return;
	buf_clear(&file->body);
	buf_add_cstr(&file->body, detail);
}

static void
answer_value(struct http_file *file, struct value_builder *built)
{
	buf_clear(&file->body);
	json_write(value_built(built), JSON_PLAIN, &file->body);
	answer(file, 200, NULL);
}

static void
break_off(struct http_file *file, enum message_failure failure)
{
	file->failure = failure;
	file->status = 0;
	buf_clear(&file->body);
	if (http_ssh_is_late(&file->ssh)) {
		buf_clear(&file->detail);
		buf_add_cstr(&file->detail, "the time was up");
	} else if (file->detail.bytes == 0) {
		http_ssh_tell(&file->ssh);
	}
}

static unsigned long
last_refusal(const struct http_file *file)
{
	return libssh2_sftp_last_error(file->ssh.sftp);
}

struct refusal {
	unsigned long code;
	int status;
	const char *detail;
};

static const struct refusal refusals[] = {
	{LIBSSH2_FX_NO_SUCH_FILE, 404, "there is no such file"},
	{LIBSSH2_FX_NO_SUCH_PATH, 404, "there is no such folder"},
	{LIBSSH2_FX_PERMISSION_DENIED, 403, "permission denied"},
	{LIBSSH2_FX_WRITE_PROTECT, 403, "it is write-protected"},
	{LIBSSH2_FX_FILE_ALREADY_EXISTS, 409, "the name is taken"},
	{LIBSSH2_FX_NO_SPACE_ON_FILESYSTEM, 507, "no space is left"},
	{LIBSSH2_FX_QUOTA_EXCEEDED, 507, "the quota is exceeded"},
	{LIBSSH2_FX_OP_UNSUPPORTED, 501, "the server can't do that"},
};

/* The server has said no, or the connection broke before anything changed. */
static void
end_with(struct http_file *file, int result)
{
	if (result != LIBSSH2_ERROR_SFTP_PROTOCOL) {
		break_off(file, MESSAGE_UNSENT);
		return;
	}
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].code == last_refusal(file)) {
			answer(file, refusals[i].status, refusals[i].detail);
			return;
		}
	answer(file, 500, "the server says that it failed");
}

static bool
is_missing(const struct http_file *file, int result)
{
	return result == LIBSSH2_ERROR_SFTP_PROTOCOL &&
	    (last_refusal(file) == LIBSSH2_FX_NO_SUCH_FILE ||
		last_refusal(file) == LIBSSH2_FX_NO_SUCH_PATH);
}

/* ------------------------------------------------------------ single steps */

static int
look_at(struct http_file *file, struct str path,
    LIBSSH2_SFTP_ATTRIBUTES *attributes)
{
	int result;

	AWAIT(&file->ssh, result, libssh2_sftp_stat_ex(file->ssh.sftp, path.at,
	    (unsigned)path.bytes, LIBSSH2_SFTP_LSTAT, attributes));
	return result;
}

/* NULL with *result. */
static LIBSSH2_SFTP_HANDLE *
open_handle(struct http_file *file, struct str path, unsigned long flags,
    int type, int *result)
{
	LIBSSH2_SFTP_HANDLE *handle;

	do {
		handle = libssh2_sftp_open_ex(file->ssh.sftp, path.at,
		    (unsigned)path.bytes, flags, MODE, type);
		*result = handle != NULL
		    ? 0 : libssh2_session_last_errno(file->ssh.session);
	} while (*result == LIBSSH2_ERROR_EAGAIN && http_ssh_wait(&file->ssh));
	return handle;
}

static int
close_handle(struct http_file *file, LIBSSH2_SFTP_HANDLE *handle)
{
	int result;

	AWAIT(&file->ssh, result, libssh2_sftp_close_handle(handle));
	return result;
}

/* 0, or what went wrong; *out is over where there is more than its bound. */
static int
read_all(struct http_file *file, LIBSSH2_SFTP_HANDLE *handle, struct buf *out)
{
	char *chunk = arena_alloc(file->arena, CHUNK_BYTES);
	ssize_t got;

	do {
		AWAIT(&file->ssh, got,
		    libssh2_sftp_read(handle, chunk, CHUNK_BYTES));
		if (got > 0)
			buf_add(out, chunk, (size_t)got);
	} while (got > 0 && !buf_is_over(out));
	return got < 0 ? (int)got : 0;
}

static int
read_file(struct http_file *file, struct str path, struct buf *out)
{
	int result, closed;
	LIBSSH2_SFTP_HANDLE *handle = open_handle(file, path, LIBSSH2_FXF_READ,
	    LIBSSH2_SFTP_OPENFILE, &result);

	if (handle == NULL)
		return result;
	result = read_all(file, handle, out);
	closed = close_handle(file, handle);
	return result != 0 ? result : closed;
}

static int
write_all(struct http_file *file, LIBSSH2_SFTP_HANDLE *handle)
{
	struct str rest = file->content;

	while (rest.bytes > 0) {
		ssize_t put;

		AWAIT(&file->ssh, put,
		    libssh2_sftp_write(handle, rest.at, rest.bytes));
		if (put < 0)
			return (int)put;
		rest = str_slice(rest, (size_t)put, SIZE_MAX);
	}
	return 0;
}

static int
remove_name(struct http_file *file, struct str path)
{
	int result;

	AWAIT(&file->ssh, result, libssh2_sftp_unlink_ex(file->ssh.sftp,
	    path.at, (unsigned)path.bytes));
	return result;
}

static int
rename_to(struct http_file *file, struct str from, struct str to)
{
	int result;

	AWAIT(&file->ssh, result, libssh2_sftp_rename_ex(file->ssh.sftp,
	    from.at, (unsigned)from.bytes, to.at, (unsigned)to.bytes, 0));
	return result;
}

/* ------------------------------------------------------------ after a doubt */

/* Whether there is a session again, in the time that is left. */
static bool
open_again(struct http_file *file)
{
	struct http_ssh *ssh = &file->ssh;

	http_ssh_close(ssh);
	return !http_ssh_is_late(ssh) && http_ssh_open(ssh);
}

enum presence { IS_THERE, IS_MISSING, IS_UNKNOWN };

static enum presence
presence_of(struct http_file *file, struct str path)
{
	LIBSSH2_SFTP_ATTRIBUTES attributes;
	int result = look_at(file, path, &attributes);

	if (result == 0)
		return IS_THERE;
	return is_missing(file, result) ? IS_MISSING : IS_UNKNOWN;
}

static void
leave_in_doubt(struct http_file *file)
{
	break_off(file, http_ssh_is_late(&file->ssh) ? MESSAGE_TIMEOUT
						     : MESSAGE_RESET);
}

/* --------------------------------------------------------------------- put */

struct put {
	struct str temporary;
	bool is_synced; /* what was written outlives the server's own end */
};

/* ".NAME.0123456789abcdef.part", beside it. */
static struct str
temporary_of(struct http_file *file)
{
	struct str path = file->request.path;
	size_t slash = path.bytes;
	char hex[DIGEST_HEX_BYTES];

	while (slash > 0 && path.at[slash - 1] != '/')
		slash--;
	return arena_strf(file->arena, "%.*s.%.*s.%.16s.part", (int)slash,
	    path.at, (int)(path.bytes - slash), path.at + slash,
	    digest_hex(digest_sha256(file->content), hex).at);
}

static void
answer_put(struct http_file *file, bool was_there)
{
	struct value_builder *built = value_build_context(file->arena);
	char hex[DIGEST_HEX_BYTES];

	value_put_str(built, "path", file->request.path);
	value_put_int(built, "bytes", (int64_t)file->content.bytes);
	value_put_str(built, "sha256",
	    digest_hex(digest_sha256(file->content), hex));
	value_put(built, STR("was_there"), value_of_boolean(was_there));
	answer_value(file, built);
}

/* Whether the file of that name has our bytes; what can't be read has not. */
static bool
is_ours(struct http_file *file, const LIBSSH2_SFTP_ATTRIBUTES *attributes)
{
	struct buf there = {.bytes_max = file->content.bytes + 1};
	bool has_size = (attributes->flags & LIBSSH2_SFTP_ATTR_SIZE) == 0 ||
	    attributes->filesize == file->content.bytes;
	bool is_same = has_size &&
	    read_file(file, file->request.path, &there) == 0 &&
	    str_equal(buf_str(&there), file->content);

	buf_fini(&there);
	return is_same;
}

/* false where that answers the request. */
static bool
name_is_free(struct http_file *file)
{
	LIBSSH2_SFTP_ATTRIBUTES attributes;
	int result = look_at(file, file->request.path, &attributes);

	if (result == 0 && is_ours(file, &attributes))
		answer_put(file, true);
	else if (result == 0)
		answer(file, 409, "another file has that name");
	else if (is_missing(file, result))
		return true;
	else
		end_with(file, result);
	return false;
}

/* A server that knows no sync has to be believed. */
static int
sync_file(struct http_file *file, LIBSSH2_SFTP_HANDLE *handle,
    struct put *put)
{
	int result;

	AWAIT(&file->ssh, result, libssh2_sftp_fsync(handle));
	put->is_synced = result == 0;
	if (result == LIBSSH2_ERROR_SFTP_PROTOCOL &&
	    last_refusal(file) == LIBSSH2_FX_OP_UNSUPPORTED)
		return 0;
	return result;
}

static bool
write_temporary(struct http_file *file, struct put *put)
{
	int result, closed;
	LIBSSH2_SFTP_HANDLE *handle = open_handle(file, put->temporary,
	    LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_TRUNC,
	    LIBSSH2_SFTP_OPENFILE, &result);

	if (handle != NULL) {
		result = write_all(file, handle);
		if (result == 0)
			result = sync_file(file, handle, put);
		closed = close_handle(file, handle);
		result = result != 0 ? result : closed;
	}
	if (result == 0)
		return true;
	end_with(file, result);
	return false;
}

static bool
is_whole(struct http_file *file, const struct put *put)
{
	LIBSSH2_SFTP_ATTRIBUTES attributes;
	int result = look_at(file, put->temporary, &attributes);

	if (result != 0)
		end_with(file, result);
	else if ((attributes.flags & LIBSSH2_SFTP_ATTR_SIZE) != 0 &&
	    attributes.filesize != file->content.bytes)
		answer(file, 500, "the server kept less than it was given");
	else
		return true;
	return false;
}

/* The answer to the rename was lost. */
static void
settle_put(struct http_file *file, const struct put *put)
{
	LIBSSH2_SFTP_ATTRIBUTES attributes;
	enum presence temporary;
	int result;

	if (!open_again(file)) {
		leave_in_doubt(file);
		return;
	}
	result = look_at(file, file->request.path, &attributes);
	temporary = presence_of(file, put->temporary);
	if (result == 0 && is_ours(file, &attributes))
		answer_put(file, false);
	else if (temporary == IS_THERE)
		break_off(file, MESSAGE_UNSENT);
	else if (is_missing(file, result) && temporary == IS_MISSING &&
	    put->is_synced)
		answer_put(file, false);
	else
		leave_in_doubt(file);
}

static void
give_name(struct http_file *file, const struct put *put)
{
	int result = rename_to(file, put->temporary, file->request.path);

	if (result == 0) {
		answer_put(file, false);
		return;
	}
	if (result != LIBSSH2_ERROR_SFTP_PROTOCOL) {
		settle_put(file, put);
		return;
	}
	/* Few servers say why: somebody may have been faster. */
	end_with(file, result);
	if (presence_of(file, file->request.path) == IS_THERE)
		answer(file, 409, "another file has that name");
	(void)remove_name(file, put->temporary);
}

static void
perform_put(struct http_file *file)
{
	struct put put = {.temporary = temporary_of(file)};

	if (name_is_free(file) && write_temporary(file, &put) &&
	    is_whole(file, &put))
		give_name(file, &put);
}

/* ------------------------------------------------------------- get and list */

static void
perform_get(struct http_file *file)
{
	LIBSSH2_SFTP_ATTRIBUTES attributes = {0};
	int result;

	file->body.bytes_max = file->bytes_max;
	result = read_file(file, file->request.path, &file->body);
	if (buf_is_over(&file->body)) {
		break_off(file, MESSAGE_TOO_LARGE);
		return;
	}
	if (result == 0)
		result = look_at(file, file->request.path, &attributes);
	if (result != 0) {
		file->body.bytes_max = 0;
		end_with(file, result);
		return;
	}
	/* Somebody still writes it, perhaps. */
	if ((attributes.flags & LIBSSH2_SFTP_ATTR_SIZE) != 0 &&
	    (attributes.flags & LIBSSH2_SFTP_ATTR_PERMISSIONS) != 0 &&
	    LIBSSH2_SFTP_S_ISREG(attributes.permissions) &&
	    attributes.filesize != file->body.bytes)
		break_off(file, MESSAGE_TRUNCATED);
	else
		answer(file, 200, NULL);
}

static struct str
kind_of(const LIBSSH2_SFTP_ATTRIBUTES *attributes)
{
	unsigned long mode = attributes->permissions;

	if ((attributes->flags & LIBSSH2_SFTP_ATTR_PERMISSIONS) == 0)
		return (struct str){NULL, 0};
	if (LIBSSH2_SFTP_S_ISREG(mode))
		return STR("file");
	if (LIBSSH2_SFTP_S_ISDIR(mode))
		return STR("folder");
	return LIBSSH2_SFTP_S_ISLNK(mode) ? STR("link") : STR("other");
}

static void
put_attributes(struct http_file *file, struct value_builder *built,
    const LIBSSH2_SFTP_ATTRIBUTES *attributes)
{
	value_put_str(built, "kind", kind_of(attributes));
	if ((attributes->flags & LIBSSH2_SFTP_ATTR_SIZE) != 0)
		value_put_int(built, "bytes", (int64_t)attributes->filesize);
	if ((attributes->flags & LIBSSH2_SFTP_ATTR_ACMODTIME) != 0)
		value_put(built, STR("modified"),
		    value_of_instant(file->arena,
			(int64_t)attributes->mtime * 1000));
}

struct entry {
	struct str name;
	LIBSSH2_SFTP_ATTRIBUTES attributes;
};
struct entries {
	struct entry *items;
	size_t count;
	size_t capacity;
};

static int
compare_entries_cb(const void *a, const void *b)
{
	return str_compare(((const struct entry *)a)->name,
	    ((const struct entry *)b)->name);
}

/* Names that are no text can't be asked for, and are left out. */
static void
add_entry(struct http_file *file, struct entries *entries, struct str name,
    const LIBSSH2_SFTP_ATTRIBUTES *attributes)
{
	if (str_equal(name, STR(".")) || str_equal(name, STR("..")) ||
	    !str_is_utf8(name))
		return;
	entries->items = arena_grow(file->arena, entries->items,
	    entries->count, &entries->capacity, sizeof(struct entry));
	entries->items[entries->count++] = (struct entry){
		.name = arena_str(file->arena, name),
		.attributes = *attributes,
	};
}

static int
read_entries(struct http_file *file, struct str path, struct entries *entries)
{
	LIBSSH2_SFTP_ATTRIBUTES attributes;
	char name[NAME_BYTES_MAX];
	int result, closed;
	LIBSSH2_SFTP_HANDLE *handle = open_handle(file, path, 0,
	    LIBSSH2_SFTP_OPENDIR, &result);

	if (handle == NULL)
		return result;
	do {
		AWAIT(&file->ssh, result, libssh2_sftp_readdir_ex(handle, name,
		    sizeof(name), NULL, 0, &attributes));
		if (result > 0)
			add_entry(file, entries,
			    (struct str){name, (size_t)result}, &attributes);
	} while (result > 0 && entries->count <= ENTRIES_MAX);
	closed = close_handle(file, handle);
	return result != 0 ? result : closed;
}

static void
perform_list(struct http_file *file)
{
	struct value_builder *list = value_build_list(file->arena);
	struct entries entries = {0};
	int result = read_entries(file, file->request.path, &entries);

	if (entries.count > ENTRIES_MAX) {
		break_off(file, MESSAGE_TOO_LARGE);
		return;
	}
	if (result != 0) {
		end_with(file, result);
		return;
	}
	if (entries.count > 0)
		qsort(entries.items, entries.count, sizeof(entries.items[0]),
		    compare_entries_cb);
	for (size_t i = 0; i < entries.count; i++) {
		struct value_builder *entry = value_build_context(file->arena);

		value_put_str(entry, "name", entries.items[i].name);
		put_attributes(file, entry, &entries.items[i].attributes);
		value_append(list, value_built(entry));
	}
	answer_value(file, list);
}

/* Whether some file is being put under that name. */
static bool
has_part(struct http_file *file, struct str path)
{
	size_t slash = path.bytes;
	struct entries entries = {0};
	struct str head;

	while (slash > 0 && path.at[slash - 1] != '/')
		slash--;
	head = arena_strf(file->arena, ".%.*s.", (int)(path.bytes - slash),
	    path.at + slash);
	(void)read_entries(file, slash > 0 ? str_slice(path, 0, slash)
					   : STR("."), &entries);
	for (size_t i = 0; i < entries.count; i++)
		if (str_has_prefix(entries.items[i].name, head) &&
		    str_has_suffix(entries.items[i].name, STR(".part")))
			return true;
	return false;
}

static void
perform_stat(struct http_file *file)
{
	struct value_builder *built = value_build_context(file->arena);
	LIBSSH2_SFTP_ATTRIBUTES attributes;
	int result = look_at(file, file->request.path, &attributes);

	if (result != 0 && !is_missing(file, result)) {
		end_with(file, result);
		return;
	}
	value_put(built, STR("exists"), value_of_boolean(result == 0));
	if (result == 0)
		put_attributes(file, built, &attributes);
	value_put(built, STR("partial"),
	    value_of_boolean(has_part(file, file->request.path)));
	answer_value(file, built);
}

/* -------------------------------------------------------- rename and remove */

static void
answer_rename(struct http_file *file)
{
	struct value_builder *built = value_build_context(file->arena);

	value_put_str(built, "path", file->request.path);
	value_put_str(built, "to", file->request.to);
	answer_value(file, built);
}

static void
settle_rename(struct http_file *file)
{
	enum presence from, to;

	if (!open_again(file)) {
		leave_in_doubt(file);
		return;
	}
	from = presence_of(file, file->request.path);
	to = presence_of(file, file->request.to);
	if (from == IS_MISSING && to == IS_THERE)
		answer_rename(file);
	else if (from == IS_THERE)
		break_off(file, MESSAGE_UNSENT);
	else
		leave_in_doubt(file);
}

static void
perform_rename(struct http_file *file)
{
	int result = rename_to(file, file->request.path, file->request.to);

	if (result == 0) {
		answer_rename(file);
		return;
	}
	if (result != LIBSSH2_ERROR_SFTP_PROTOCOL) {
		settle_rename(file);
		return;
	}
	end_with(file, result);
	if (file->status != 404 &&
	    presence_of(file, file->request.to) == IS_THERE)
		answer(file, 409, "another file has that name");
}

static void
answer_removed(struct http_file *file, bool was_there)
{
	struct value_builder *built = value_build_context(file->arena);

	value_put_str(built, "path", file->request.path);
	value_put(built, STR("was_there"), value_of_boolean(was_there));
	answer_value(file, built);
}

static void
settle_remove(struct http_file *file)
{
	enum presence presence;

	if (!open_again(file)) {
		leave_in_doubt(file);
		return;
	}
	presence = presence_of(file, file->request.path);
	if (presence == IS_MISSING)
		answer_removed(file, true);
	else if (presence == IS_THERE)
		break_off(file, MESSAGE_UNSENT);
	else
		leave_in_doubt(file);
}

static void
perform_remove(struct http_file *file)
{
	int result = remove_name(file, file->request.path);

	if (result == 0)
		answer_removed(file, true);
	else if (is_missing(file, result))
		answer_removed(file, false);
	else if (result == LIBSSH2_ERROR_SFTP_PROTOCOL)
		end_with(file, result);
	else
		settle_remove(file);
}

/* --------------------------------------------------------------------- all */

static void
perform(struct http_file *file)
{
	static void (*const verbs[])(struct http_file *) = {
		[FILE_PUT] = perform_put,
		[FILE_GET] = perform_get,
		[FILE_LIST] = perform_list,
		[FILE_STAT] = perform_stat,
		[FILE_RENAME] = perform_rename,
		[FILE_REMOVE] = perform_remove,
	};

	must((size_t)file->request.verb < sizeof(verbs) / sizeof(verbs[0]));
	verbs[file->request.verb](file);
}

void
http_file_perform(struct http_file *file, const atomic_bool *is_stopping)
{
	int64_t begun_us = clock_monotonic_us();

	file->ssh = (struct http_ssh){
		.file = &file->request,
		.is_stopping = is_stopping,
		.deadline_us = begun_us + file->timeout_ms * 1000,
		.detail = &file->detail,
	};
	if (http_ssh_open(&file->ssh))
		perform(file);
	else if (file->ssh.failure == MESSAGE_OK)
		answer(file, 401, buf_cstr(&file->detail));
	else
		file->failure = file->ssh.failure;
	http_ssh_close(&file->ssh);
	file->elapsed_ms = (clock_monotonic_us() - begun_us) / 1000;
}
