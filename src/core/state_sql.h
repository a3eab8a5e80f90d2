/*
 * state_sql.h
 *	  States of aggregates as SQL types: their forms, and whose a state is.
 *
 * A type of states is one StateType: what it consists of (fields.h), and how a
 * state lies behind a Datum.  From that follow its text and binary form, and its
 * flat form where that is the binary form in a varlena.
 *
 * Invariants: a state is changed only when it belongs to the aggregate that
 * calls; a plain call changes a copy.  What cannot be read is refused: 22P02 in
 * text, 22P03 in the binary form, XX001 where it was stored.
 *
 * Included after postgres.h.
 */
#ifndef INFERACCT_STATE_SQL_H
#define INFERACCT_STATE_SQL_H

#include "fmgr.h"
#include "utils/expandeddatum.h"

#include "core/fields.h"
#include "server/call_site.h"
#include "server/compat.h"

typedef struct StateType
{
	const char *name;			/* of the SQL type */
	int			format;			/* of all its forms; raised when one changes */

	/* Write the fields of a state, or read them into a new one in the current memory context, which is returned. */
	void	   *(*fields) (Fields *fields, void *state);

	/* The state behind a Datum, to read; raises what was stored by another version.  NULL: an ExpandedState. */
	const void *(*of_datum) (Datum datum);

	/* A state that was made in the current memory context, as a Datum.  NULL: an ExpandedState. */
	Datum		(*to_datum) (void *state);

	/* A copy in the current memory context to change; for NULL a new state, or NULL when that takes arguments. */
	void	   *(*copy) (const void *state);
} StateType;

/* ---------- forms ---------- */

extern Datum StateIn(FunctionCallInfo fcinfo, const StateType *type);
extern Datum StateOut(FunctionCallInfo fcinfo, const StateType *type);
extern Datum StateReceive(FunctionCallInfo fcinfo, const StateType *type);
extern Datum StateSend(FunctionCallInfo fcinfo, const StateType *type);

/* The four functions of SQL; NAME is the type's name and `type` its StateType. */
#define STATE_TYPE_FUNCTIONS(NAME, type) \
PG_FUNCTION_INFO_V1(NAME##_in); \
PG_FUNCTION_INFO_V1(NAME##_out); \
PG_FUNCTION_INFO_V1(NAME##_recv); \
PG_FUNCTION_INFO_V1(NAME##_send); \
Datum NAME##_in(PG_FUNCTION_ARGS) { return StateIn(fcinfo, &(type)); } \
Datum NAME##_out(PG_FUNCTION_ARGS) { return StateOut(fcinfo, &(type)); } \
Datum NAME##_recv(PG_FUNCTION_ARGS) { return StateReceive(fcinfo, &(type)); } \
Datum NAME##_send(PG_FUNCTION_ARGS) { return StateSend(fcinfo, &(type)); } \
extern int no_such_variable

/* The flat form: how large it is; write it; read it. */
extern Size StateFlatSize(const StateType *type, const void *state);
extern void StateFlatten(const StateType *type, const void *state, void *result, Size size);
extern void *StateOfFlat(const StateType *type, Datum datum);

/* The state behind a Datum of the type, to read. */
extern const void *StateBehind(const StateType *type, Datum datum);

/* ---------- expanded objects ---------- */

/*
 * The beginning of a state that is an expanded object while it is worked on:
 * a memory context of its own, freed at once, with whatever the state allocates
 * there.  Its flat form is the binary one.
 */
typedef struct ExpandedState
{
	ExpandedObjectHeader header;
	const StateType *type;
} ExpandedState;

/* A new state of that size, all zero, in a context of its own below the current one. */
extern void *ExpandedStateMake(const StateType *type, Size size);

static inline MemoryContext
ExpandedStateContext(const ExpandedState *state)
{
	return state->header.eoh_context;
}

/* The state as a Datum that may be changed. */
static inline Datum
ExpandedStateGetDatum(const ExpandedState *state)
{
	return EOHPGetRWDatum(&state->header);
}

/* Raise that a stored state has another format than this version's, or is damaged. */
extern void StateFormatError(const StateType *type, int found) __attribute__((noreturn));
extern void StateDamagedError(const StateType *type) __attribute__((noreturn));

/* ---------- whose it is ---------- */

/* Where a state that this call returns has to lie. */
extern MemoryContext StateContext(FunctionCallInfo fcinfo);

/* The first argument as a state to change, of one that is not the aggregate's own: a copy, or a new one for NULL. */
extern void *StateNotOwn(FunctionCallInfo fcinfo, const StateType *type);

/*
 * The first argument as a state to change: the aggregate's own, else a copy,
 * else a new one.  NULL when a new one takes arguments, see StateType.  For
 * states whose Datum is a pointer to them.
 */
static inline void *
StateArgument(FunctionCallInfo fcinfo, const StateType *type)
{
	if (likely(!PG_ARGISNULL(0) && IsAggregateCall(fcinfo)))
		return DatumGetPointer(PG_GETARG_DATUM(0));
	return StateNotOwn(fcinfo, type);
}

/* The same for states that are expanded objects, given as read-write Datums. */
static inline void *
ExpandedStateArgument(FunctionCallInfo fcinfo, const StateType *type)
{
	if (likely(!PG_ARGISNULL(0) && IsAggregateCall(fcinfo) &&
			   VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(PG_GETARG_DATUM(0)))))
		return DatumGetEOHP(PG_GETARG_DATUM(0));
	return StateNotOwn(fcinfo, type);
}

/* The first argument as it came, for a row that does not count. */
static inline Datum
StateUnchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

#endif							/* INFERACCT_STATE_SQL_H */
