/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library.h: YAML documents in, checked definitions out.
 *
 * A library is loaded whole: documents name one another (a workflow its
 * calendar, a call its connection).  Errors never stop the loading of the
 * rest; a library with errors must not be used to run anything.
 */
#ifndef STATED_LIBRARY_H
#define STATED_LIBRARY_H

#include "stated/decision.h"
#include "stated/definition.h"

struct library;

struct library *library_new(void);
void library_free(struct library **library);
/* A YAML stream of one or more documents.  The text is copied. */
void library_add_text(struct library *library, struct str file, struct str text,
    struct diag_list *diags);
/* Whether a file of that name in a folder is loaded: *.yaml and *.yml are,
 * scenarios (*.test.yaml, *.test.yml) are not. */
bool library_is_document(struct str path);
/* A file, whatever its name, or every document below a folder, in order of
 * name.  What was added is not added again. */
void library_add_path(
    struct library *library, struct str path, struct diag_list *diags);
/* The contact that is told of what was done without the second person whom a
 * workflow asks for: before library_link().  Without one nobody may do that.
 * The name is copied; where there is no such contact, nobody may either. */
void library_set_alarm(struct library *library, struct str contact);
/* Resolves names between documents and checks all; call once, after all adds.
 * true where there is no error. */
MUST_USE bool library_link(struct library *library, struct diag_list *diags);
/*
 * An earlier version's text, kept by the store, for instances that run on it:
 * linked at once against the connections, decisions, calendars and contacts
 * of today.  NULL with diags where it can't be.
 */
MUST_USE const struct definition *library_add_version(struct library *library,
    struct str file, struct str source, struct diag_list *diags);

/* A document that workflows lean on. */
struct library_document {
	struct str kind; /* its first key: "decision", "calendar", … */
	struct str name;
	struct digest digest; /* of what it says, however that is written */
	struct str source;
};
/* All but workflows, kind by kind, in order of loading; false at the end. */
MUST_USE bool library_document_at(const struct library *library, size_t index,
    struct library_document *document);
/* Those that the workflow leans on, itself or through others (a contact's
 * connection), each once.  They are those of the library that it was loaded
 * in: a decision's rules may have changed since. */
typedef void library_document_fn(
    const struct library_document *document, void *arg);
void library_each_leant(const struct library *library,
    const struct definition *definition, library_document_fn *fn, void *arg);
/* The same of a document, "contact pager", and it itself. */
void library_each_leant_by(const struct library *library, struct str document,
    library_document_fn *fn, void *arg);
/* The digest of a document of any kind but a workflow; false where the text
 * isn't exactly one. */
MUST_USE bool library_document_digest(struct str source, struct digest *digest);

/* What identifies a workflow version, from the text that the store keeps of
 * it alone.  false where the text is none. */
MUST_USE bool library_digest(struct str source, struct digest *digest);
/* The same, and the dotted paths that it calls sensitive, in the arena. */
struct library_sensitive {
	const struct str *paths;
	size_t count;
};
MUST_USE bool library_digest_and_sensitive(struct str source,
    struct arena *arena, struct digest *digest,
    struct library_sensitive *sensitive);
/* Whether two texts of one digest differ all the same, in the order of keys
 * where that means something.  `where`, which is empty, then gets the first
 * such mapping: "states.sent.on".  Reading both, it takes its time. */
MUST_USE bool library_is_reordered(
    struct str one, struct str other, struct buf *where);

/*
 * A library of workflows that come later, to be linked against what `base`
 * has (which is linked, and must live as long) and against one another:
 * documents of other kinds are errors.  The find functions find what the base
 * has, too; library_workflow_at() gives the library's own.
 */
struct library *library_new_over(const struct library *base);
/* Adds a workflow of another library, which must live as long. */
void library_adopt(
    struct library *library, const struct definition *definition);
/* The opposite. */
void library_abandon(
    struct library *library, const struct definition *definition);

/* The language of documents as a JSON Schema, for editors: indented JSON. */
void library_schema(struct buf *out);

/* version 0: the highest.  NULL where there is none. */
const struct definition *library_find_workflow(const struct library *library,
    struct str name, int64_t version);
const struct definition *library_find_digest(
    const struct library *library, struct digest digest);
const struct def_connection *library_find_connection(
    const struct library *library, struct str name);
const struct def_decision *library_find_decision(
    const struct library *library, struct str name);
const struct calendar *library_find_calendar(
    const struct library *library, struct str name);
const struct def_contact *library_find_contact(
    const struct library *library, struct str name);
/* In order of loading; NULL at the end. */
const struct definition *library_workflow_at(
    const struct library *library, size_t index);
const struct def_connection *library_connection_at(
    const struct library *library, size_t index);
const struct def_decision *library_decision_at(
    const struct library *library, size_t index);

#endif
