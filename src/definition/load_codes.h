/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_codes.h: private to src/definition: the codes of its diagnostics.
 *
 * One list, from which the names and the documentation come.  A code keeps
 * its meaning for ever; one that is given up is not used again.
 *   D0xx  the text as YAML       D1xx  words and kinds of values
 *   D2xx  expressions            D3xx  names and what they must lead to
 *   D9xx  warnings
 */
#ifndef STATED_LOAD_CODES_H
#define STATED_LOAD_CODES_H

#define LOAD_CODES(X)                                                          \
	X(LOAD_SYNTAX, "D001", "the YAML can't be read")                       \
	X(LOAD_BAD_TEXT, "D002", "not UTF-8, or a control character")          \
	X(LOAD_TOO_LARGE, "D003", "a document of over 1 MiB")                  \
	X(LOAD_TOO_DEEP, "D004", "nested deeper than 64 levels")               \
	X(LOAD_DUPLICATE_KEY, "D005", "a key stands twice in one mapping")     \
	X(LOAD_ALIAS, "D006",                                                  \
	    "an alias of nothing, of itself, or of too much")                  \
	X(LOAD_TAG, "D007", "a YAML tag, which has no meaning here")           \
	X(LOAD_BAD_NUMBER, "D008", "a number that can't be carried exactly")   \
	X(LOAD_BAD_KEY, "D009", "a key that is not a word")                    \
	X(LOAD_CUT, "D010", "YAML ended an expression early: quote it")        \
	X(LOAD_UNREADABLE, "D011", "a file that can't be read")                \
	X(LOAD_WHAT, "D012", "a document that doesn't say what it is")         \
	X(LOAD_TOO_MANY, "D013", "too many errors to go on")                   \
	X(LOAD_UNVERSIONED, "D014",                                            \
	    "a document that can't be published: it has no version")           \
	X(LOAD_UNKNOWN_KEY, "D101", "a key that the mapping doesn't know")     \
	X(LOAD_MISSING_KEY, "D102", "a required key is missing")               \
	X(LOAD_WRONG_KIND, "D103", "a value of the wrong kind")                \
	X(LOAD_WRONG_WORD, "D104", "none of the legal words")                  \
	X(LOAD_BAD_NAME, "D106", "a name with a character that it can't have") \
	X(LOAD_DUPLICATE_NAME, "D107", "a name that is given twice")           \
	X(LOAD_BAD_SPAN, "D108", "not a duration")                             \
	X(LOAD_RANGE, "D109", "a number that is too small or too large")       \
	X(LOAD_EXCLUSIVE, "D110", "keys that exclude each other")              \
	X(LOAD_BAD_SCHEMA, "D111", "a JSON Schema that is wrong")              \
	X(LOAD_BAD_FORM, "D112", "a text that isn't in the form expected")     \
	X(LOAD_BAD_EXPRESSION, "D201", "an expression that can't be parsed")   \
	X(LOAD_UNKNOWN_NAME, "D202", "an expression reads what nothing sets")  \
	X(LOAD_NO_EXPRESSION, "D203", "an expression where none may stand")    \
	X(LOAD_NO_SECRET, "D204", "a secret outside a connection")             \
	X(LOAD_UNKNOWN_STATE, "D301", "no state of that name")                 \
	X(LOAD_BAD_INITIAL, "D302", "an initial state that lies elsewhere")    \
	X(LOAD_UNKNOWN_EVENT, "D303", "an event that nothing declares")        \
	X(LOAD_UNKNOWN_CONNECTION, "D304", "no connection of that name")       \
	X(LOAD_UNKNOWN_OPERATION, "D305", "no operation of that name")         \
	X(LOAD_UNKNOWN_DECISION, "D306", "no decision table of that name")     \
	X(LOAD_UNKNOWN_CALENDAR, "D307", "no calendar of that name")           \
	X(LOAD_UNKNOWN_CONTACT, "D308", "no contact of that name")             \
	X(LOAD_UNKNOWN_WINDOW, "D309", "no window of that name")               \
	X(LOAD_NO_CALENDAR, "D310", "business time without a calendar")        \
	X(LOAD_DUPLICATE_DOCUMENT, "D312", "two documents of one name")        \
	X(LOAD_MISSING_ARGUMENT, "D313",                                       \
	    "a call lacks what its operation needs")                           \
	X(LOAD_CIRCLE, "D314", "transitions without event go round for ever")  \
	X(LOAD_BAD_TARGETS, "D315", "states that can't be entered together")   \
	X(LOAD_BAD_HISTORY, "D316",                                            \
	    "a history in the wrong place, or in a state's place")             \
	X(LOAD_BAD_REGION, "D317", "a parallel state without proper regions")  \
	X(LOAD_UNKNOWN_WORKFLOW, "D319", "no workflow of that name")           \
	X(LOAD_BAD_INPUT, "D320", "an input that the workflow doesn't take")   \
	X(LOAD_UNKNOWN_SCHEMA, "D321", "no shared definition of that name")    \
	X(LOAD_TOO_MUCH, "D322", "shared definitions bring in too much")       \
	X(LOAD_DOUBT, "D902",                                                  \
	    "an expression that gives null, or never holds")                   \
	X(LOAD_NO_MAIL, "D903", "an e-mail that no connection can deliver")    \
	X(LOAD_NOT_INTERNAL, "D904",                                           \
	    "an internal transition that has to leave its state")              \
	X(LOAD_LIKE_EXPRESSION, "D905",                                        \
	    "a text that reads like an expression")                            \
	X(LOAD_WRITTEN_SECRET, "D906", "a secret that is written down")        \
	X(LOAD_NO_GROWTH, "D907",                                              \
	    "a wait that should grow and is at its longest at once")       \
	X(LOAD_UNREAD_OUTPUT, "D908",                                          \
	    "an output of a final state that doesn't end the instance")

#define LOAD_CODE_NAME(name, code, meaning) static const char name[] \
	__attribute__((unused)) = code;
LOAD_CODES(LOAD_CODE_NAME)
#undef LOAD_CODE_NAME

#endif
