# SPDX-License-Identifier: Apache-2.0

EXTRA_DIST += contrib/demo.sh contrib/demo/calendar.yaml docs/demo.md
