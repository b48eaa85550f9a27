/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_control.c: the endpoints under /control, see sandbox_control.h. */
#include "sandbox_control.h"

#include "sandbox_account.h"
#include "sandbox_bank.h"
#include "sandbox_card.h"
#include "sandbox_chat.h"
#include "sandbox_company.h"
#include "sandbox_crm.h"
#include "sandbox_desk.h"
#include "sandbox_fault.h"
#include "sandbox_hook.h"
#include "sandbox_json.h"
#include "sandbox_late.h"
#include "sandbox_mail.h"
#include "sandbox_odoo.h"
#include "sandbox_reply.h"
#include "sandbox_route.h"
#include "sandbox_tax.h"
#include "sandbox_token.h"

#define DELAY_MS_MAX 86400000

void
sandbox_control_ledger(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	const char *reference = sandbox_request_query(request, "reference");

	sandbox_reply_json_take(reply, 200,
	    json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
		"orders", sandbox_bank_list(sandbox->bank, reference),
		"webhooks", sandbox_hook_list(sandbox->hook, reference),
		"odoo", sandbox_odoo_list(sandbox->odoo, reference),
		"deals", sandbox_crm_deals(sandbox->crm),
		"companies", sandbox_company_list(sandbox->companies),
		"tax", sandbox_tax_list(sandbox->tax),
		"chat", sandbox_chat_list(sandbox->chat),
		"refunds", sandbox_card_list(sandbox->card),
		"desk", sandbox_desk_list(sandbox->desk),
		"positions", sandbox_positions_list(sandbox->positions),
		"mails", sandbox_mail_list(sandbox->mail),
		"calls", sandbox_calls_json(sandbox->calls)));
}

static void
reply_ok(struct sandbox_reply *reply)
{
	sandbox_reply_json_take(reply, 200, json_pack("{s:b}", "ok", 1));
}

void
sandbox_control_reset(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	(void)request;
	sandbox_late_reset(sandbox->late);
	sandbox_hook_reset(sandbox->hook);
	sandbox_bank_reset(sandbox->bank);
	sandbox_odoo_reset(sandbox->odoo);
	sandbox_crm_reset(sandbox->crm);
	sandbox_company_reset(sandbox->companies);
	sandbox_tax_reset(sandbox->tax);
	sandbox_token_reset(sandbox->token);
	sandbox_chat_reset(sandbox->chat);
	sandbox_positions_reset(sandbox->positions);
	sandbox_card_reset(sandbox->card);
	sandbox_desk_reset(sandbox->desk);
	sandbox_mail_reset(sandbox->mail);
	sandbox_fault_reset(sandbox->faults);
	sandbox_calls_reset(sandbox->calls);
	reply_ok(reply);
}

void
sandbox_control_mail(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	(void)request;
	sandbox_reply_json_take(reply, 200,
	    json_pack("{s:i,s:o}", "port", sandbox_mail_port(sandbox->mail),
		"mails", sandbox_mail_list(sandbox->mail)));
}

void
sandbox_control_add_faults(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *body = sandbox_json_read(request->body);
	json_t *rules = json_is_array(body)
			    ? json_incref(body)
			    : json_pack("[o?]", json_incref(body));
	const char *why = "a rule is a JSON object";
	bool ok = json_array_size(rules) > 0;

	for (size_t i = 0; ok && i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);
		ok = json_is_object(rule) &&
		    sandbox_fault_add(sandbox->faults, rule, &why);
	}
	if (ok)
		reply_ok(reply);
	else
		sandbox_reply_json_take(reply, 400,
		    json_pack("{s:s,s:o}", "error", why, "names",
			sandbox_fault_names()));
	json_decref(rules);
	json_decref(body);
}

void
sandbox_control_list_faults(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	(void)request;
	sandbox_reply_json_take(
	    reply, 200, sandbox_fault_list(sandbox->faults));
}

void
sandbox_control_clear_faults(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	(void)request;
	sandbox_fault_reset(sandbox->faults);
	reply_ok(reply);
}

void
sandbox_control_chaos(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *body = sandbox_request_object(request, reply);
	const char *why = NULL;

	if (body == NULL)
		return;
	if (sandbox_fault_set_chaos(sandbox->faults, body, &why))
		reply_ok(reply);
	else
		sandbox_reply_error(reply, 400, why);
	json_decref(body);
}

void
sandbox_control_webhooks(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *body = sandbox_request_object(request, reply);
	const char *secret;
	const char *scheme;

	if (body == NULL)
		return;
	scheme = sandbox_json_text(body, "scheme");
	secret = json_object_get(body, "secret")
	    ? sandbox_json_text(body, "secret")
	    : NULL;
	if (!sandbox_hook_set_scheme(sandbox->hook,
		scheme[0] != '\0' ? scheme : "bank"))
		sandbox_reply_error(reply, 400, "scheme: there is none such");
	else if (sandbox_hook_set_target(sandbox->hook,
		     sandbox_json_text(body, "url"), secret))
		reply_ok(reply);
	else
		sandbox_reply_error(reply, 400, "url: http://… is wanted");
	json_decref(body);
}

void
sandbox_control_delays(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	static const char *const names[SANDBOX_DELAY_COUNT] = {
	    [SANDBOX_DELAY_ACCEPTED] = "accepted",
	    [SANDBOX_DELAY_SETTLING] = "settling",
	    [SANDBOX_DELAY_SETTLED] = "settled",
	    [SANDBOX_DELAY_MATCHED] = "matched",
	};
	json_t *body = sandbox_request_object(request, reply);
	int64_t delay_ms[SANDBOX_DELAY_COUNT];

	if (body == NULL)
		return;
	for (int i = 0; i < SANDBOX_DELAY_COUNT; i++)
		delay_ms[i] =
		    sandbox_json_int(body, names[i], DELAY_MS_MAX, -1);
	sandbox_bank_set_delays(sandbox->bank, delay_ms);
	json_decref(body);
	reply_ok(reply);
}
