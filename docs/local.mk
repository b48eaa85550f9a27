# SPDX-License-Identifier: Apache-2.0
#
# Pages that are installed; docs/stated.1 is the manual page.

dist_man1_MANS = docs/stated.1
dist_doc_DATA = \
	docs/architecture.md \
	docs/audit.md \
	docs/benchmark.md \
	docs/building.md \
	docs/calendars.md \
	docs/cli.md \
	docs/connections.md \
	docs/diagnostics.md \
	docs/editor.md \
	docs/encryption.md \
	docs/expressions.md \
	docs/faults.md \
	docs/first-workflow.md \
	docs/http.md \
	docs/language.md \
	docs/objects.md \
	docs/operations.md \
	docs/security.md \
	docs/simulator.md \
	docs/stated.schema.json \
	docs/testing.md \
	docs/workflows.md
EXTRA_DIST += docs/checks docs/connections docs/decisions docs/runbooks
