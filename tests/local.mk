# SPDX-License-Identifier: Apache-2.0
#
# All tests: programs named in the fragments of tests/unit, and the scripts
# below, which judge the tree as a whole.

TESTS = $(check_PROGRAMS) $(check_SCRIPTS)
TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = $(SHELL)
# Tests find their files by $srcdir and may write only in a directory of
# their own, made by mkdtemp.
AM_TESTS_ENVIRONMENT = \
	srcdir='$(abs_srcdir)'; export srcdir; \
	builddir='$(abs_builddir)'; export builddir; \
	CC='$(CC)'; export CC; \
	LC_ALL=C; export LC_ALL;

if HAVE_CMOCKA
include tests/unit/base/local.mk
include tests/unit/value/local.mk
include tests/unit/feel/local.mk
include tests/unit/calendar/local.mk
include tests/unit/definition/local.mk
include tests/unit/chart/local.mk
include tests/unit/audit/local.mk
include tests/unit/store/local.mk
include tests/unit/http/local.mk
include tests/unit/connector/local.mk
include tests/unit/engine/local.mk
include tests/unit/api/local.mk
include tests/unit/export/local.mk
include tests/unit/sim/local.mk
include tests/unit/cli/local.mk
endif
