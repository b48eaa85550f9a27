/* SPDX-License-Identifier: Apache-2.0 */
#include "chaos_gate.h"

#include <pthread.h>
#include <sqlite3.h>

#define STEPS_EACH 2 /* of SQLite's machine, between two looks at the gate */

static struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t loop;
	bool is_held;
	int steps_left; /* -1: does not fail */
	bool reading_fails;
} gate = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .changed = PTHREAD_COND_INITIALIZER,
    .steps_left = -1,
};

static int
progress_cb(void *arg)
{
	bool fails;

	pthread_mutex_lock(&gate.lock);
	if (pthread_equal(pthread_self(), gate.loop)) {
		fails = gate.reading_fails;
	} else {
		while (gate.is_held)
			pthread_cond_wait(&gate.changed, &gate.lock);
		/* The last look of a COMMIT comes when all is done: it would
		 * be told to have failed, and be durable. */
		fails = gate.steps_left == 0 && !sqlite3_get_autocommit(arg);
		if (gate.steps_left > 0 || fails)
			gate.steps_left--; /* once: rolling back works */
	}
	pthread_mutex_unlock(&gate.lock);
	return fails;
}

static int
opened_cb(sqlite3 *db, char **detail, const struct sqlite3_api_routines *api)
{
	(void)detail;
	(void)api;
	sqlite3_progress_handler(db, STEPS_EACH, progress_cb, db);
	return SQLITE_OK;
}

void
gate_install(void)
{
	gate.loop = pthread_self();
	sqlite3_auto_extension((void (*)(void))opened_cb);
}

static void
set(bool is_held, int steps_left)
{
	pthread_mutex_lock(&gate.lock);
	gate.is_held = is_held;
	gate.steps_left = steps_left;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

void
gate_open(void)
{
	set(false, -1);
}

void
gate_hold(void)
{
	set(true, -1);
}

void
gate_fail(int steps)
{
	set(false, steps);
}

void
gate_fail_reading(bool fails)
{
	pthread_mutex_lock(&gate.lock);
	gate.reading_fails = fails;
	pthread_mutex_unlock(&gate.lock);
}
