# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_store.a
libstated_store_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS) $(LZ4_CFLAGS)
libstated_store_a_SOURCES = \
	src/store/part_file.c \
	src/store/part_file.h \
	src/store/sealed.h \
	src/store/sealed_count.c \
	src/store/sealed_head.c \
	src/store/sealed_log.c \
	src/store/sealed_pages.c \
	src/store/sqlite_cipher.c \
	src/store/sqlite_cipher.h \
	src/store/sqlite_cipher_log.c \
	src/store/sqlite_cipher_pages.c \
	src/store/sqlite_conn.c \
	src/store/sqlite_copy.c \
	src/store/sqlite_dictionary.c \
	src/store/sqlite_files.c \
	src/store/sqlite_find.c \
	src/store/sqlite_gather.c \
	src/store/sqlite_gather.h \
	src/store/sqlite_history.c \
	src/store/sqlite_list.c \
	src/store/sqlite_lock.c \
	src/store/sqlite_log.c \
	src/store/sqlite_open.c \
	src/store/sqlite_over.c \
	src/store/sqlite_over.h \
	src/store/sqlite_piece.c \
	src/store/sqlite_priv.h \
	src/store/sqlite_recent.c \
	src/store/sqlite_retention.c \
	src/store/sqlite_schema.c \
	src/store/sqlite_wal.c \
	src/store/sqlite_write.c \
	src/store/store.c \
	src/store/store_backend.h \
	src/store/store_batch.c \
	src/store/store_find.c \
	src/store/store_keys.c \
	src/store/store_lean.c \
	src/store/store_lean.h \
	src/store/store_list.c \
	src/store/store_log.c \
	src/store/store_pack.c \
	src/store/store_pack.h \
	src/store/store_priv.h \
	src/store/store_thread.c
