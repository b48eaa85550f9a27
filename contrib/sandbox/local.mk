# SPDX-License-Identifier: Apache-2.0
#
# Fake endpoints to try workflows against; built with the tree, not installed.
