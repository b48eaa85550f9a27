/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_lockout.c: addresses from which too many sign-ins have failed.
 *
 * Each failure costs its address a share of a minute, which passes again; who
 * has used up the whole minute waits.  What an address owes is one instant
 * (when it will owe nothing), so that an entry is small and is never swept.
 *
 * The places are few and fixed, some for each hash of an address, by a secret
 * of this process: who comes from many addresses pushes out those that owe
 * least, and memory stays as it is.  Of IPv6 the network of 64 bits counts,
 * which is what one customer gets.
 */
#include "api_priv.h"

#include "stated/rng.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define SETS 1024
#define WAYS 4
#define MINUTE_US (60LL * 1000 * 1000)
#define NETWORK_BYTES 8

struct address {
	uint8_t bytes[1 + NETWORK_BYTES]; /* family, then the network */
};

struct debtor {
	struct address address;
	int64_t free_us; /* when it will owe nothing; 0: no entry */
};

struct api_lockout {
	struct debtor places[SETS][WAYS];
	uint8_t secret[16];
	int64_t cost_us; /* of one failure */
	bool is_empty;
};

static bool
parse(const char *text, struct address *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint8_t six[16];

	*address = (struct address){{0}};
	if (inet_pton(AF_INET, text, address->bytes + 1) == 1) {
		address->bytes[0] = 4;
		return true;
	}
	if (inet_pton(AF_INET6, text, six) != 1)
		return false;
	if (memcmp(six, mapped, sizeof(mapped)) == 0) {
		address->bytes[0] = 4;
		memcpy(address->bytes + 1, six + sizeof(mapped), 4);
		return true;
	}
	address->bytes[0] = 6;
	memcpy(address->bytes + 1, six, NETWORK_BYTES);
	return true;
}

static struct debtor *
set_of(struct api_lockout *lockout, const struct address *address)
{
	uint8_t text[sizeof(lockout->secret) + sizeof(*address)];
	struct digest digest;
	size_t set;

	memcpy(text, lockout->secret, sizeof(lockout->secret));
	memcpy(text + sizeof(lockout->secret), address, sizeof(*address));
	digest = digest_sha256((struct str){(const char *)text, sizeof(text)});
	set = ((size_t)digest.bytes[0] << 8 | digest.bytes[1]) % SETS;
	return lockout->places[set];
}

static struct debtor *
find(struct debtor *set, const struct address *address)
{
	for (size_t i = 0; i < WAYS; i++)
		if (memcmp(&set[i].address, address, sizeof(*address)) == 0)
			return &set[i];
	return NULL;
}

static struct debtor *
least_of(struct debtor *set)
{
	struct debtor *least = set;

	for (size_t i = 1; i < WAYS; i++)
		if (set[i].free_us < least->free_us)
			least = &set[i];
	return least;
}

int64_t
api_lockout_wait_ms(
    struct api_lockout *lockout, const char *text, int64_t now_us)
{
	const struct debtor *debtor;
	struct address address;
	int64_t wait_us;

	if (lockout->is_empty || !parse(text, &address))
		return 0;
	debtor = find(set_of(lockout, &address), &address);
	if (debtor == NULL)
		return 0;
	wait_us = debtor->free_us + lockout->cost_us - now_us - MINUTE_US;
	return wait_us > 0 ? (wait_us + 999) / 1000 : 0;
}

bool
api_lockout_note(struct api_lockout *lockout, const char *text, int64_t now_us)
{
	struct debtor *set, *debtor;
	struct address address;

	if (!parse(text, &address))
		return false;
	lockout->is_empty = false;
	set = set_of(lockout, &address);
	debtor = find(set, &address);
	if (debtor == NULL) {
		debtor = least_of(set);
		*debtor = (struct debtor){.address = address};
	}
	if (debtor->free_us < now_us)
		debtor->free_us = now_us;
	debtor->free_us += lockout->cost_us;
	return api_lockout_wait_ms(lockout, text, now_us) > 0;
}

struct api_lockout *
api_lockout_new(size_t failures_a_minute)
{
	struct api_lockout *lockout = calloc(1, sizeof(*lockout));

	must(lockout != NULL);
	must(failures_a_minute > 0);
	rng_system()->fill(
	    rng_system(), lockout->secret, sizeof(lockout->secret));
	lockout->cost_us = failures_a_minute < (size_t)MINUTE_US
	    ? MINUTE_US / (int64_t)failures_a_minute
	    : 1;
	lockout->is_empty = true;
	return lockout;
}

void
api_lockout_free(struct api_lockout **lockout)
{
	free(*lockout);
	*lockout = NULL;
}
