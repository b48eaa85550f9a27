# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_draw.a
libstated_draw_a_CPPFLAGS = $(AM_CPPFLAGS) $(GVC_CFLAGS)
libstated_draw_a_SOURCES = \
	src/draw/draw.c \
	src/draw/draw_dot.c \
	src/draw/draw_label.c \
	src/draw/draw_layout.c \
	src/draw/draw_mermaid.c \
	src/draw/draw_order.c \
	src/draw/draw_priv.h \
	src/draw/draw_svg.c \
	src/draw/draw_text.c
