# SPDX-License-Identifier: Apache-2.0
#
# Fake endpoints to try workflows against; built with the tree, not installed.
# Their tests play the caller, over real sockets: see tests/sandbox/.

noinst_PROGRAMS += contrib/sandbox/stated-sandbox
contrib_sandbox_stated_sandbox_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) \
	$(EVENT_OPENSSL_CFLAGS) $(SSL_CFLAGS) $(ARCHIVE_CFLAGS) \
	$(JANSSON_CFLAGS)
contrib_sandbox_stated_sandbox_SOURCES = \
	contrib/sandbox/sandbox.h \
	contrib/sandbox/sandbox_account.c \
	contrib/sandbox/sandbox_account.h \
	contrib/sandbox/sandbox_bank.c \
	contrib/sandbox/sandbox_bank.h \
	contrib/sandbox/sandbox_card.c \
	contrib/sandbox/sandbox_card.h \
	contrib/sandbox/sandbox_chat.c \
	contrib/sandbox/sandbox_chat.h \
	contrib/sandbox/sandbox_control.c \
	contrib/sandbox/sandbox_control.h \
	contrib/sandbox/sandbox_company.c \
	contrib/sandbox/sandbox_company.h \
	contrib/sandbox/sandbox_crm.c \
	contrib/sandbox/sandbox_crm.h \
	contrib/sandbox/sandbox_decimal.c \
	contrib/sandbox/sandbox_decimal.h \
	contrib/sandbox/sandbox_desk.c \
	contrib/sandbox/sandbox_desk.h \
	contrib/sandbox/sandbox_fault.c \
	contrib/sandbox/sandbox_fault.h \
	contrib/sandbox/sandbox_front.c \
	contrib/sandbox/sandbox_front.h \
	contrib/sandbox/sandbox_hook.c \
	contrib/sandbox/sandbox_hook.h \
	contrib/sandbox/sandbox_identity.c \
	contrib/sandbox/sandbox_identity.h \
	contrib/sandbox/sandbox_json.c \
	contrib/sandbox/sandbox_json.h \
	contrib/sandbox/sandbox_late.c \
	contrib/sandbox/sandbox_late.h \
	contrib/sandbox/sandbox_ledger.c \
	contrib/sandbox/sandbox_ledger.h \
	contrib/sandbox/sandbox_listen.c \
	contrib/sandbox/sandbox_listen.h \
	contrib/sandbox/sandbox_mail.c \
	contrib/sandbox/sandbox_mail.h \
	contrib/sandbox/sandbox_main.c \
	contrib/sandbox/sandbox_odoo.c \
	contrib/sandbox/sandbox_odoo.h \
	contrib/sandbox/sandbox_odoo_method.c \
	contrib/sandbox/sandbox_odoo_model.c \
	contrib/sandbox/sandbox_odoo_priv.h \
	contrib/sandbox/sandbox_odoo_purchase.c \
	contrib/sandbox/sandbox_odoo_record.c \
	contrib/sandbox/sandbox_odoo_search.c \
	contrib/sandbox/sandbox_odoo_wizard.c \
	contrib/sandbox/sandbox_reply.c \
	contrib/sandbox/sandbox_reply.h \
	contrib/sandbox/sandbox_route.c \
	contrib/sandbox/sandbox_route.h \
	contrib/sandbox/sandbox_screen.c \
	contrib/sandbox/sandbox_screen.h \
	contrib/sandbox/sandbox_server.c \
	contrib/sandbox/sandbox_server.h \
	contrib/sandbox/sandbox_sign.c \
	contrib/sandbox/sandbox_sign.h \
	contrib/sandbox/sandbox_spoil.c \
	contrib/sandbox/sandbox_spoil.h \
	contrib/sandbox/sandbox_tax.c \
	contrib/sandbox/sandbox_tax.h \
	contrib/sandbox/sandbox_token.c \
	contrib/sandbox/sandbox_token.h \
	contrib/sandbox/sandbox_wire.c \
	contrib/sandbox/sandbox_wire.h
contrib_sandbox_stated_sandbox_LDADD = $(EVENT_OPENSSL_LIBS) $(EVENT_LIBS) \
	$(SSL_LIBS) $(ARCHIVE_LIBS) $(JANSSON_LIBS) $(LIBS_BASE)

EXTRA_DIST += contrib/sandbox/README.md
