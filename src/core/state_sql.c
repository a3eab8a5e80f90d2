/*
 * state_sql.c
 *	  States of aggregates as SQL types.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "core/host_sql.h"
#include "core/state_sql.h"

/* ---------- writing ---------- */

static void
AppendToString(void *sink, const char *bytes, size_t size)
{
	appendBinaryStringInfo(sink, bytes, (int) size);
}

static void
AppendToMemory(void *sink, const char *bytes, size_t size)
{
	char	  **at = sink;

	memcpy(*at, bytes, size);
	*at += size;
}

/* The functions that list fields take a state to change or to write: writing leaves it as it is. */
static size_t
Write(const StateType *type, const void *state, FieldsForm form, FieldsAppend append, void *sink)
{
	Fields		fields = FieldsToWrite(form, append, sink);

	type->fields(&fields, (void *) state);
	return fields.size;
}

Datum
StateOut(FunctionCallInfo fcinfo, const StateType *type)
{
	StringInfoData text;

	initStringInfo(&text);
	Write(type, StateBehind(type, PG_GETARG_DATUM(0)), FIELDS_TEXT, AppendToString, &text);
	PG_RETURN_CSTRING(text.data);
}

Datum
StateSend(FunctionCallInfo fcinfo, const StateType *type)
{
	StringInfoData message;

	pq_begintypsend(&message);
	Write(type, StateBehind(type, PG_GETARG_DATUM(0)), FIELDS_BINARY, AppendToString, &message);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

Size
StateFlatSize(const StateType *type, const void *state)
{
	Size		size = VARHDRSZ + Write(type, state, FIELDS_BINARY, NULL, NULL);

	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a value of type %s would be larger than 1 GB", type->name)));
	return size;
}

void
StateFlatten(const StateType *type, const void *state, void *result, Size size)
{
	char	   *at = VARDATA(result);

	SET_VARSIZE(result, size);
	Write(type, state, FIELDS_BINARY, AppendToMemory, &at);
	Assert(at == (char *) result + size);
}

/* ---------- reading ---------- */

static Datum
StateToDatum(const StateType *type, void *state)
{
	return type->to_datum == NULL ? ExpandedStateGetDatum(state) : type->to_datum(state);
}

static bool
IsText(const char *bytes, size_t size)
{
	return pg_verify_mbstr(GetDatabaseEncoding(), bytes, (int) size, true);
}

static Fields
FieldsOf(FieldsForm form, const char *bytes, size_t size)
{
	return FieldsToRead(form, bytes, size, AllocateInContext, CurrentMemoryContext, IsText);
}

static int
FormatDetail(const StateType *type, const Fields *fields)
{
	if (fields->problem == FIELDS_OTHER_METERS)
		return errdetail("It has counts of %d meters, this version has %d meters.", fields->found, METER_COUNT);
	return errdetail("Its format is number %d, this version reads number %d.", fields->found, type->format);
}

static int
FormatHint(void)
{
	return errhint("Aggregate the rows again, or move it as text from the version that made it.");
}

Datum
StateIn(FunctionCallInfo fcinfo, const StateType *type)
{
	const char *string = PG_GETARG_CSTRING(0);
	Fields		fields = FieldsOf(FIELDS_TEXT, string, strlen(string));
	void	   *state = type->fields(&fields, NULL);

	if (FieldsEnd(&fields))
		return StateToDatum(type, state);
	if (fields.problem == FIELDS_MALFORMED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s", type->name),
				 errdetail("It is malformed or out of range at character %d: \"%s\".",
						   pg_mbstrlen_with_len(string, (int) (fields.at - string)) + 1,
						   pnstrdup(fields.at, pg_mbcliplen(fields.at, (int) strlen(fields.at), 40))),
				 errhint("Only what the type's own output function wrote can be read.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("a value of type %s was written by another version of inferacct", type->name),
			 FormatDetail(type, &fields),
			 errhint("Aggregate the rows again.")));
}

Datum
StateReceive(FunctionCallInfo fcinfo, const StateType *type)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			size = message->len - message->cursor;
	Fields		fields = FieldsOf(FIELDS_BINARY, pq_getmsgbytes(message, size), size);
	void	   *state = type->fields(&fields, NULL);

	if (FieldsEnd(&fields))
		return StateToDatum(type, state);
	if (fields.problem == FIELDS_MALFORMED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary representation of type %s", type->name)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("a value of type %s was written by another version of inferacct", type->name),
			 FormatDetail(type, &fields),
			 FormatHint()));
}

void
StateDamagedError(const StateType *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a stored value of type %s is damaged", type->name),
			 errhint("Aggregate the rows again.")));
}

static void
OtherVersionError(const StateType *type, const Fields *fields)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a value of type %s was stored by another version of inferacct", type->name),
			 FormatDetail(type, fields),
			 FormatHint()));
}

void
StateFormatError(const StateType *type, int found)
{
	OtherVersionError(type, &(Fields) {.problem = FIELDS_OTHER_FORMAT,.found = found});
	pg_unreachable();
}

void *
StateOfFlat(const StateType *type, Datum datum)
{
	struct varlena *flat = PG_DETOAST_DATUM_PACKED(datum);
	Fields		fields = FieldsOf(FIELDS_BINARY, VARDATA_ANY(flat), VARSIZE_ANY_EXHDR(flat));
	void	   *state = type->fields(&fields, NULL);

	if (!FieldsEnd(&fields))
	{
		if (fields.problem == FIELDS_MALFORMED)
			StateDamagedError(type);
		OtherVersionError(type, &fields);
	}
	if ((Pointer) flat != DatumGetPointer(datum))
		pfree(flat);
	return state;
}

const void *
StateBehind(const StateType *type, Datum datum)
{
	if (type->of_datum != NULL)
		return type->of_datum(datum);
	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		return DatumGetEOHP(datum);
	return StateOfFlat(type, datum);
}

/* ---------- expanded objects ---------- */

static Size
ExpandedFlatSize(ExpandedObjectHeader *header)
{
	return StateFlatSize(((ExpandedState *) header)->type, header);
}

static void
ExpandedFlatten(ExpandedObjectHeader *header, void *result, Size size)
{
	StateFlatten(((ExpandedState *) header)->type, header, result, size);
}

static const ExpandedObjectMethods expanded_methods = {
	.get_flat_size = ExpandedFlatSize,
	.flatten_into = ExpandedFlatten
};

void *
ExpandedStateMake(const StateType *type, Size size)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "inferacct state", ALLOCSET_START_SMALL_SIZES);
	ExpandedState *state = MemoryContextAllocZero(context, size);

	MemoryContextSetIdentifier(context, type->name);
	EOH_init_header(&state->header, &expanded_methods, context);
	state->type = type;
	return state;
}

/* ---------- whose it is ---------- */

MemoryContext
StateContext(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	return AggCheckCallContext(fcinfo, &context) != 0 ? context : CurrentMemoryContext;
}

void *
StateNotOwn(FunctionCallInfo fcinfo, const StateType *type)
{
	const void *state = PG_ARGISNULL(0) ? NULL : StateBehind(type, PG_GETARG_DATUM(0));
	MemoryContext caller = MemoryContextSwitchTo(StateContext(fcinfo));
	void	   *copy = type->copy(state);

	MemoryContextSwitchTo(caller);
	return copy;
}
