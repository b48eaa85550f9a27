# SPDX-License-Identifier: Apache-2.0
#
# Pages that are installed; docs/stated.1 is the manual page.

dist_man1_MANS =
