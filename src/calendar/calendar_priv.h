/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_priv.h: for the files of src/calendar only.
 */
#ifndef CALENDAR_PRIV_H
#define CALENDAR_PRIV_H

#include "stated/calendar.h"

/* Days from Easter Sunday of the feast of that name; false: no such feast. */
MUST_USE bool calendar_feasts_find(struct str name, int *offset);

#endif
