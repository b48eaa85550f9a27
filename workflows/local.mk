# SPDX-License-Identifier: Apache-2.0
#
# The shipped definitions, installed to be copied and changed.

nobase_dist_pkgdata_DATA = \
	workflows/calendars/office.yaml \
	workflows/calendars/target2.yaml \
	workflows/connections/agency.yaml \
	workflows/connections/bank.yaml \
	workflows/connections/budget.yaml \
	workflows/connections/chat.yaml \
	workflows/connections/close.yaml \
	workflows/connections/compliance.yaml \
	workflows/connections/crm.yaml \
	workflows/connections/letters.yaml \
	workflows/connections/ocr.yaml \
	workflows/connections/odoo.yaml \
	workflows/connections/stripe.yaml \
	workflows/connections/tax.yaml \
	workflows/connections/treasury.yaml \
	workflows/connections/vies.yaml \
	workflows/contacts/accounting.yaml \
	workflows/contacts/finance.yaml \
	workflows/contacts/operations.yaml \
	workflows/contacts/receivables.yaml \
	workflows/decisions/bill-authority.yaml \
	workflows/decisions/chargeback-policy.yaml \
	workflows/decisions/customer-ownership.yaml \
	workflows/decisions/dunning-level.yaml \
	workflows/decisions/exception-owner.yaml \
	workflows/decisions/handover-approval.yaml \
	workflows/decisions/iso20022-status.yaml \
	workflows/decisions/minor-units.yaml \
	workflows/decisions/order-approval.yaml \
	workflows/decisions/payment-approval.yaml \
	workflows/decisions/payment-run-approval.yaml \
	workflows/decisions/refund-approval.yaml \
	workflows/decisions/requisition-approval.yaml \
	workflows/decisions/supplier-risk.yaml \
	workflows/decisions/three-way-match.yaml \
	workflows/decisions/write-off-approval.yaml \
	workflows/bank-statement-import.yaml \
	workflows/chargeback.test.yaml \
	workflows/chargeback.yaml \
	workflows/close-readiness.test.yaml \
	workflows/close-readiness.yaml \
	workflows/collections.test.yaml \
	workflows/collections.yaml \
	workflows/customer-sync.test.yaml \
	workflows/customer-sync.yaml \
	workflows/payment-run.yaml \
	workflows/payment.test.yaml \
	workflows/payment.yaml \
	workflows/purchase-requisition.test.yaml \
	workflows/purchase-requisition.yaml \
	workflows/quote-to-invoice.test.yaml \
	workflows/quote-to-invoice.yaml \
	workflows/reconciliation-exception.test.yaml \
	workflows/reconciliation-exception.yaml \
	workflows/refund.test.yaml \
	workflows/refund.yaml \
	workflows/revenue-schedule.test.yaml \
	workflows/revenue-schedule.yaml \
	workflows/supplier-onboarding.test.yaml \
	workflows/supplier-onboarding.yaml \
	workflows/vendor-bill.test.yaml \
	workflows/vendor-bill.yaml
