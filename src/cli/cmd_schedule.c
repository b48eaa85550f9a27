/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_schedule.c: what time will start. */
#include "cli_priv.h"

static enum cli_status
run_list(struct cli *cli)
{
	static const struct cli_column columns[] = {
	    {"WORKFLOW", "workflow"},
	    {"NR", "position"},
	    {"CRON", "cron"},
	    {"TIMEZONE", "timezone"},
	    {"CALENDAR", "calendar"},
	    {"NEXT", "next_at:time"},
	    {"LAST", "last_at:time"},
	    {"INSTANCE", "last_instance"},
	    {"QUEUED", "queued"},
	    {"TROUBLE", "trouble"},
	    {NULL, NULL},
	};

	return cli_item_list(cli, "schedules", columns);
}

static const struct cmd schedule_list = {
    .name = "list",
    .arguments = "",
    .summary = "List the schedules and when they come next",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .run = run_list,
};

static const struct cmd *const commands[] = {&schedule_list, NULL};

const struct cmd cmd_schedule = {
    .name = "schedule",
    .arguments = "list",
    .summary = "See which instances time will start",
    .commands = commands,
};
