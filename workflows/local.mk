# SPDX-License-Identifier: Apache-2.0
#
# The shipped definitions, installed to be copied and changed.

nobase_dist_pkgdata_DATA = \
	workflows/calendars/office.yaml \
	workflows/calendars/target2.yaml \
	workflows/connections/bank.yaml \
	workflows/connections/budget.yaml \
	workflows/connections/chat.yaml \
	workflows/connections/close.yaml \
	workflows/connections/compliance.yaml \
	workflows/connections/crm.yaml \
	workflows/connections/ocr.yaml \
	workflows/connections/odoo.yaml \
	workflows/connections/tax.yaml \
	workflows/connections/vies.yaml \
	workflows/contacts/accounting.yaml \
	workflows/contacts/finance.yaml \
	workflows/contacts/operations.yaml \
	workflows/contacts/receivables.yaml \
	workflows/decisions/order-approval.yaml \
	workflows/decisions/payment-approval.yaml \
	workflows/decisions/three-way-match.yaml \
	workflows/payment.yaml
