# SPDX-License-Identifier: Apache-2.0
#
# The shipped definitions, installed to be copied and changed.

nobase_dist_pkgdata_DATA = \
	workflows/calendars/target2.yaml \
	workflows/connections/bank.yaml \
	workflows/connections/chat.yaml \
	workflows/connections/compliance.yaml \
	workflows/connections/crm.yaml \
	workflows/connections/odoo.yaml \
	workflows/connections/tax.yaml \
	workflows/contacts/accounting.yaml \
	workflows/contacts/finance.yaml \
	workflows/contacts/receivables.yaml \
	workflows/decisions/payment-approval.yaml \
	workflows/payment.yaml
