/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_verify.c: checks that nobody has changed the past. */
#include "cli_priv.h"

#include "stated/export.h"

#define KEYS_MAX 16
#define CHECKPOINTS_MAX 100000

static bool
is_of_proofs(const struct export_report *report)
{
	return report->records == 0 && (report->checkpoints > 0 ||
					   report->cut > 0);
}

/* Records as lines, of which nothing says that they are all. */
static bool
may_be_cut(const struct export_report *report)
{
	return report->source == EXPORT_FROM_LINES && !report->is_closed &&
	       !is_of_proofs(report);
}

static const struct value *
report_value(struct cli *cli, const struct export_report *report)
{
	struct value_builder *built = value_build_context(cli->arena);
	bool is_sound = report->fault == AUDIT_SOUND;

	value_put(built, STR("sound"), value_of_boolean(is_sound));
	value_put_int(built, "instances", (int64_t)report->instances);
	value_put_int(built, "records", (int64_t)report->records);
	value_put_int(built, "journal", (int64_t)report->journal);
	value_put_int(built, "turns_proved", (int64_t)report->turns);
	value_put_int(built, "records_unproved", (int64_t)report->unproved);
	value_put_int(built, "checkpoints", (int64_t)report->checkpoints);
	if (report->cut > 0)
		value_put_int(built, "checkpoints_cut", (int64_t)report->cut);
	value_put(built, STR("signed"), value_of_boolean(report->is_signed));
	if (report->purged > 0)
		value_put_int(built, "purged", (int64_t)report->purged);
	value_put_int(built, "broken", (int64_t)report->broken);
	value_put_int(built, "excerpts", (int64_t)report->excerpts);
	if (report->source == EXPORT_FROM_LINES && !is_of_proofs(report))
		value_put(built, STR("closed"),
		    value_of_boolean(report->is_closed));
	if (is_sound)
		return value_built(built);
	value_put_str(built, "fault", audit_fault_name(report->fault));
	value_put_str(built, "instance", str_of(report->instance));
	value_put_int(built, "seq", (int64_t)report->seq);
	if (report->line > 0)
		value_put_int(built, "line", (int64_t)report->line);
	value_put_str(built, "explanation", str_of(report->explanation));
	return value_built(built);
}

static void
print_break(struct cli *cli, const struct export_report *report)
{
	cli_text_paint(cli->out, cli->colours_out, COLOUR_RED, STR("BROKEN"));
	fprintf(cli->out, "  %.*s\n",
	    STR_ARG(cli_text_clean(cli->arena, str_of(report->explanation))));
	if (report->instance[0] != '\0')
		fprintf(cli->out, "  instance  %.*s\n",
		    STR_ARG(
			cli_text_clean(cli->arena, str_of(report->instance))));
	if (report->seq > 0)
		fprintf(cli->out, "  record    %llu\n",
		    (unsigned long long)report->seq);
	if (report->line > 0)
		fprintf(cli->out, "  line      %llu\n",
		    (unsigned long long)report->line);
	fprintf(cli->out, "  fault     %.*s\n",
	    STR_ARG(audit_fault_name(report->fault)));
	if (report->broken > 1)
		fprintf(cli->out, "  and %llu more\n",
		    (unsigned long long)(report->broken - 1));
}

static const char *
signatures(const struct export_report *report)
{
	return report->is_signed ? "signed by the key that was given"
				 : "whose signatures were not checked: "
				   "--public-key does it";
}

static void
print_seal(struct cli *cli, const struct export_report *report)
{
	if (report->checkpoints == 0)
		return;
	if (report->turns == 0) {
		fprintf(cli->out, "%llu checkpoint%s, %s\n",
		    (unsigned long long)report->checkpoints,
		    report->checkpoints == 1 ? "" : "s", signatures(report));
		return;
	}
	fprintf(cli->out, "%llu turn%s proved by %llu checkpoint%s, %s\n",
	    (unsigned long long)report->turns,
	    report->turns == 1 ? " is" : "s are",
	    (unsigned long long)report->checkpoints,
	    report->checkpoints == 1 ? "" : "s", signatures(report));
	if (report->unproved > 0)
		fprintf(cli->out,
		    "%llu records are younger than the checkpoint, or it says "
		    "nothing of them\n",
		    (unsigned long long)report->unproved);
}

static void
print_counts(struct cli *cli, const struct export_report *report)
{
	if (is_of_proofs(report))
		return;
	fprintf(cli->out, "%llu records of %llu instance%s were checked",
	    (unsigned long long)report->records,
	    (unsigned long long)report->instances,
	    report->instances == 1 ? "" : "s");
	if (report->journal > 0)
		fprintf(cli->out, ", %llu of them the journal's",
		    (unsigned long long)report->journal);
	fprintf(cli->out, "\n");
}

static void
print(struct cli *cli, const struct export_report *report)
{
	if (cli->is_json) {
		cli_value_print(cli, report_value(cli, report));
		return;
	}
	if (report->fault != AUDIT_SOUND)
		print_break(cli, report);
	else
		cli_text_paint(
		    cli->out, cli->colours_out, COLOUR_GREEN, STR("sound\n"));
	print_counts(cli, report);
	print_seal(cli, report);
	if (report->purged > 0)
		fprintf(cli->out,
		    "%llu instance%s purged: of their histories the hashes are "
		    "left, and a certificate in the journal\n",
		    (unsigned long long)report->purged,
		    report->purged == 1 ? " was" : "s were");
	if (report->cut > 0)
		fprintf(cli->out,
		    "%llu checkpoint%s line %llu, and can't be checked%s\n",
		    (unsigned long long)report->cut,
		    report->cut == 1 ? " was cut, in"
				     : "s were cut, the first in",
		    (unsigned long long)report->cut_line,
		    report->checkpoints > 0 ? "; the others were" : "");
	if (report->excerpts > 0)
		fprintf(cli->out,
		    "%llu of them are excerpts: what was before is not here to "
		    "be checked\n",
		    (unsigned long long)report->excerpts);
	if (may_be_cut(report))
		fprintf(cli->out,
		    "there is no closing line: the file may have been cut "
		    "short at the end of a line\n");
}

/* ---- what the auditor has from elsewhere ---- */

struct evidence {
	struct export_against against;
	const struct signature_key *keys[KEYS_MAX];
	struct audit_signed *checkpoints;
	size_t capacity;
};

static bool
read_keys(struct cli *cli, struct evidence *evidence)
{
	const char *path;

	while ((path = cli_option_at(cli, "public-key",
		    evidence->against.key_count)) != NULL) {
		struct signature_key *key;
		struct str pem;

		if (evidence->against.key_count == KEYS_MAX) {
			cli_fail(cli, "%d keys are enough", KEYS_MAX);
			return false;
		}
		if (!cli_value_file(cli, path, &pem))
			return false;
		key = signature_key_read(pem);
		if (key != NULL && !signature_key_fits(key, SIGNATURE_EDDSA))
			signature_key_free(&key);
		if (key == NULL) {
			cli_fail(cli, "%s is no key of Ed25519 in PEM, as "
			    "`stated checkpoint key` gives it", path);
			return false;
		}
		evidence->keys[evidence->against.key_count++] = key;
	}
	return true;
}

static void
add_checkpoint(struct cli *cli, struct evidence *evidence,
    const struct audit_signed *read)
{
	struct export_against *against = &evidence->against;

	evidence->checkpoints = arena_grow(cli->arena, evidence->checkpoints,
	    against->checkpoint_count, &evidence->capacity, sizeof(*read));
	evidence->checkpoints[against->checkpoint_count++] = *read;
}

/* A line that was cut takes nothing from the others. */
static bool
read_checkpoints(struct cli *cli, const char *path, struct evidence *evidence)
{
	struct export_against *against = &evidence->against;
	size_t count_before = against->checkpoint_count;
	struct str text, line;

	if (!cli_value_file(cli, path, &text))
		return false;
	for (int number = 1; text.bytes > 0 &&
	     against->checkpoint_count < CHECKPOINTS_MAX;
	     number++) {
		struct audit_signed read;

		line = str_split(text, '\n', &text);
		if (line.bytes == 0)
			continue;
		if (audit_checkpoint_read(cli->arena, line, &read)) {
			add_checkpoint(cli, evidence, &read);
		} else if (audit_checkpoint_is_cut(line)) {
			fprintf(cli->err,
			    "%s:%d: warning: a checkpoint was cut here, and "
			    "can't be compared; the others are\n",
			    path, number);
		} else {
			cli_fail(cli, "%s:%d is no checkpoint, as "
			    "`stated checkpoint show` prints one",
			    path, number);
			return false;
		}
	}
	if (against->checkpoint_count > count_before)
		return true;
	cli_fail(cli, "%s holds no checkpoint", path);
	return false;
}

static bool
read_evidence(struct cli *cli, struct evidence *evidence)
{
	const char *path;

	*evidence = (struct evidence){.capacity = 0};
	if (!read_keys(cli, evidence))
		return false;
	for (size_t i = 0;
	     (path = cli_option_at(cli, "checkpoint", i)) != NULL; i++)
		if (!read_checkpoints(cli, path, evidence))
			return false;
	evidence->against.keys = evidence->keys;
	evidence->against.store_keys = cli->keys;
	evidence->against.checkpoints = evidence->checkpoints;
	return true;
}

static void
free_keys(struct evidence *evidence)
{
	for (size_t i = 0; i < evidence->against.key_count; i++) {
		struct signature_key *key =
		    (struct signature_key *)(uintptr_t)evidence->keys[i];

		signature_key_free(&key);
	}
}

/* ---- the command ---- */

struct work {
	struct cli_progress progress;
	struct cli_pace pace;
	bool is_paced;
};

static bool
watch_cb(const struct export_report *report, void *arg)
{
	struct work *work = arg;

	cli_progress_count(&work->progress, report->records, "records");
	/* A file has no engine beside it. */
	if (report->source != EXPORT_FROM_DATABASE)
		return true;
	if (!work->is_paced)
		cli_pace_begin(&work->pace);
	work->is_paced = true;
	cli_pace_rest(&work->pace);
	return true;
}

static enum cli_status
verify(struct cli *cli, struct export_against *against)
{
	struct export_report report = {0};
	struct buf detail = {0};
	struct work work = {.progress = {0}};
	enum store_error error;
	enum cli_status status = CLI_OK;

	against->watch = watch_cb;
	against->watch_arg = &work;
	cli_progress_begin(&work.progress, cli, "verifying");
	error = export_verify_against(
	    cli_argument(cli, 0), against, &report, &detail);
	cli_progress_end(&work.progress);
	if (work.is_paced)
		cli_pace_end(&work.pace);
	if (error != STORE_OK) {
		status = cli_fail(cli, "%s: %.*s%s%.*s", cli->arguments[0],
		    STR_ARG(store_error_text(error)),
		    detail.bytes > 0 ? ": " : "", STR_ARG(buf_str(&detail)));
	} else {
		print(cli, &report);
		if (report.fault != AUDIT_SOUND)
			status = CLI_FAILED;
	}
	buf_fini(&detail);
	return status;
}

static enum cli_status
run(struct cli *cli)
{
	struct evidence evidence;
	enum cli_status status = CLI_FAILED;

	if (read_evidence(cli, &evidence))
		status = verify(cli, &evidence.against);
	free_keys(&evidence);
	return status;
}

static const struct cmd_option options[] = {
    {"public-key", "FILE", "of who signs checkpoints; as often as there are "
			   "some", true},
    {"checkpoint", "FILE", "checkpoints that were kept elsewhere, a line "
			   "each", true},
    {NULL, NULL, NULL},
};

const struct cmd cmd_verify = {
    .name = "verify",
    .arguments = "DATABASE|FILE",
    .summary = "Check that nobody has changed the past",
    .details = "Checks every chain of records of a database, of an export in "
	       "JSON lines or of an\nevidence bundle (and every file in it), "
	       "without an engine, and names the first\nbreak.  With the "
	       "public key, and checkpoints that nobody here could change, it\n"
	       "finds what was recomputed from end to end, too.  A file of "
	       "checkpoints or proofs is\nchecked by the key alone.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_DATABASE,
    .options = options,
    .run = run,
};
