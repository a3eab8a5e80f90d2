/*
 * demand_sql.c
 *	  SQL type demand: text and binary form, the aggregates demand() and merge().
 *
 * The aggregates' state is the type itself, as an expanded object that the
 * transition functions change in place; it becomes flat when it travels between
 * workers or nodes, or is stored.  Flat bytes are canonical: equal demands are
 * equal bytes.
 *
 * Units: microseconds, USD x 1e-15.  An expanded object and its buckets lie in
 * a memory context of their own.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "demand/demand_sql.h"
#include "core/money_sql.h"
#include "core/state_sql.h"
#include "core/usage_sql.h"
#include "server/guc.h"

StaticAssertDecl(DEMAND_FIRST_TIME == MIN_TIMESTAMP && DEMAND_END_TIME == END_TIMESTAMP,
				 "demand.h has the times of timestamptz");

PG_FUNCTION_INFO_V1(demand_in);
PG_FUNCTION_INFO_V1(demand_out);
PG_FUNCTION_INFO_V1(demand_recv);
PG_FUNCTION_INFO_V1(demand_send);
PG_FUNCTION_INFO_V1(demand_eq);
PG_FUNCTION_INFO_V1(demand_ne);
PG_FUNCTION_INFO_V1(demand_accum);
PG_FUNCTION_INFO_V1(demand_accum_width);
PG_FUNCTION_INFO_V1(demand_combine);

#define DEMAND_OBJECT_MAGIC 0x64656d64

typedef struct DemandObject
{
	ExpandedObjectHeader header;
	int			magic;
	Size		flat_size;		/* of the flat form; 0 when it has changed since */
	Demand		demand;
} DemandObject;

/* ---------- errors ---------- */

static void
WidthError(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("demands of different bucket widths cannot be merged"),
			 errhint("Aggregate them again from the rows, with one width.")));
}

void
CheckDemandOutcome(DemandOutcome outcome)
{
	switch (outcome.status)
	{
		case DEMAND_OK:
			return;
		case DEMAND_NO_MEMORY:	/* the allocator raises what it cannot give */
		case DEMAND_TOO_MANY:
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("the demand has too many buckets"),
					 errhint("Use a wider bucket.")));
		case DEMAND_TIME:
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("the time of a request must be finite")));
		case DEMAND_METER_OVERFLOW:
			UsageError(USAGE_OVERFLOW, outcome.meter);
		case DEMAND_MONEY_OVERFLOW:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("the sum of costs is out of range")));
		case DEMAND_WIDTH:
			WidthError();
			break;
		case DEMAND_CORRUPT:	/* ReadBytes() and demand_in() say so themselves */
		case DEMAND_OTHER_FORMAT:
		case DEMAND_OTHER_METERS:
			elog(ERROR, "unexpected state of a demand");
	}
}

/* ---------- memory and the expanded form ---------- */

static void *
ResizeInContext(void *owner, void *old, size_t size)
{
	return old == NULL ? MemoryContextAllocHuge((MemoryContext) owner, size) : repalloc_huge(old, size);
}

static void
CheckInterrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

void
DemandInContext(Demand *demand, int64 width, MemoryContext context)
{
	DemandInit(demand, width, ResizeInContext, pfree, CheckInterrupts, context);
}

static Size
ObjectFlatSize(ExpandedObjectHeader *header)
{
	DemandObject *object = (DemandObject *) header;

	if (object->flat_size == 0)
	{
		CheckDemand(DemandSort(&object->demand));
		object->flat_size = VARHDRSZ + DemandSize(&object->demand);
	}
	if (!AllocSizeIsValid(object->flat_size))
		CheckDemand(DEMAND_TOO_MANY);
	return object->flat_size;
}

static void
ObjectFlatten(ExpandedObjectHeader *header, void *result, Size allocated)
{
	DemandObject *object = (DemandObject *) header;

	SET_VARSIZE(result, allocated);
	DemandWrite(&object->demand, (unsigned char *) VARDATA(result));
}

static const ExpandedObjectMethods object_methods = {ObjectFlatSize, ObjectFlatten};

/* An empty expanded demand below a memory context. */
static DemandObject *
MakeObject(int64 width, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "inferacct demand", ALLOCSET_SMALL_SIZES);
	DemandObject *object = MemoryContextAlloc(context, sizeof(DemandObject));

	EOH_init_header(&object->header, &object_methods, context);
	object->magic = DEMAND_OBJECT_MAGIC;
	object->flat_size = 0;
	DemandInContext(&object->demand, width, context);
	return object;
}

static DemandObject *
DatumGetObject(Datum datum)
{
	DemandObject *object = (DemandObject *) DatumGetEOHP(datum);

	Assert(object->magic == DEMAND_OBJECT_MAGIC);
	return object;
}

/* Read bytes that were stored, or sent, into an initialized demand. */
static void
ReadBytes(Demand *demand, const unsigned char *bytes, Size size, bool stored)
{
	DemandStatus status = DemandRead(demand, bytes, size);
	int			sqlstate = stored ? ERRCODE_DATA_CORRUPTED : ERRCODE_INVALID_BINARY_REPRESENTATION;

	if (status == DEMAND_OTHER_FORMAT || status == DEMAND_OTHER_METERS)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("a value of type %s was %s by another version of inferacct", "demand", stored ? "stored" : "written"),
				 status == DEMAND_OTHER_FORMAT ?
				 errdetail("Its format is number %d, this version reads number %d.", bytes[0], DEMAND_FORMAT) :
				 errdetail("It has counts of %d meters, this version has %d meters.", bytes[1], METER_COUNT),
				 errhint("Aggregate the rows again, or move it as text from the version that made it.")));
	if (status == DEMAND_CORRUPT && stored)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("a stored value of type %s is damaged", "demand"),
				 errhint("Aggregate the rows again.")));
	if (status == DEMAND_CORRUPT)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("invalid binary representation of type %s", "demand")));
	CheckDemand(status);
}

/* Read the flat form into an initialized demand. */
static void
ReadFlat(Demand *demand, Datum datum)
{
	struct varlena *flat = PG_DETOAST_DATUM_PACKED(datum);

	ReadBytes(demand, (unsigned char *) VARDATA_ANY(flat), VARSIZE_ANY_EXHDR(flat), true);
	if ((Pointer) flat != DatumGetPointer(datum))
		pfree(flat);
}

const Demand *
DatumGetDemand(Datum datum)
{
	Demand	   *demand;

	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
	{
		demand = &DatumGetObject(datum)->demand;
		CheckDemand(DemandSort(demand));
		return demand;
	}
	demand = palloc(sizeof(Demand));
	DemandInContext(demand, 0, CurrentMemoryContext);
	ReadFlat(demand, datum);
	return demand;
}

Datum
DemandGetDatum(Demand *demand)
{
	Size		size;
	struct varlena *flat;

	CheckDemand(DemandSort(demand));
	size = VARHDRSZ + DemandSize(demand);
	if (!AllocSizeIsValid(size))
		CheckDemand(DEMAND_TOO_MANY);
	flat = palloc(size);
	SET_VARSIZE(flat, size);
	DemandWrite(demand, (unsigned char *) VARDATA(flat));
	return PointerGetDatum(flat);
}

/* ---------- text and binary form ---------- */

Datum
demand_in(PG_FUNCTION_ARGS)
{
	const char *string = PG_GETARG_CSTRING(0);
	const char *at;
	Demand		demand;
	DemandStatus status;

	DemandInContext(&demand, DEMAND_HOUR, CurrentMemoryContext);
	status = DemandFromText(&demand, string, &at);
	if (status == DEMAND_OTHER_FORMAT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("a value of type %s was written by another version of inferacct", "demand"),
				 *at >= '0' && *at <= '9' ?
				 errdetail("Its format is number %.*s, this version reads number %d.", (int) strspn(at, "0123456789"), at, DEMAND_FORMAT) :
				 errdetail("It says no format number, this version reads number %d.", DEMAND_FORMAT),
				 errhint("Aggregate the rows again.")));
	if (status == DEMAND_CORRUPT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s", "demand"),
				 errdetail("It does not fit at character %d: \"%.40s\".", (int) (at - string) + 1, at),
				 errhint("Expected {\"format\":1,\"minutes\":60,\"buckets\":[{\"from\":\"2024-05-01T13:00Z\",\"requests\":1,\"usage\":{\"input\":1200,\"requests\":1},\"usd\":\"0.0036\"}]}, each bucket once and on its grid.")));
	CheckDemand(status);
	PG_RETURN_DATUM(DemandGetDatum(&demand));
}

void
AppendDemandText(void *sink, const char *text)
{
	appendStringInfoString((StringInfo) sink, text);
}

Datum
demand_out(PG_FUNCTION_ARGS)
{
	StringInfoData text;

	initStringInfo(&text);
	DemandToText(PG_GETARG_DEMAND(0), AppendDemandText, &text);
	PG_RETURN_CSTRING(text.data);
}

/* Binary form: the stored bytes. */
Datum
demand_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			size = message->len - message->cursor;
	const unsigned char *bytes = (const unsigned char *) pq_getmsgbytes(message, size);
	Demand		demand;

	DemandInContext(&demand, DEMAND_HOUR, CurrentMemoryContext);
	ReadBytes(&demand, bytes, size, false);
	PG_RETURN_DATUM(DemandGetDatum(&demand));
}

Datum
demand_send(PG_FUNCTION_ARGS)
{
	struct varlena *flat = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, VARDATA_ANY(flat), VARSIZE_ANY_EXHDR(flat));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

static bool
SameBytes(FunctionCallInfo fcinfo)
{
	struct varlena *left = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	struct varlena *right = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));

	return VARSIZE_ANY_EXHDR(left) == VARSIZE_ANY_EXHDR(right) &&
		memcmp(VARDATA_ANY(left), VARDATA_ANY(right), VARSIZE_ANY_EXHDR(left)) == 0;
}

Datum
demand_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(SameBytes(fcinfo));
}

Datum
demand_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!SameBytes(fcinfo));
}

/* ---------- the aggregates ---------- */

static const void *
ObjectOfDatum(Datum datum)
{
	DemandObject *object;

	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		return DatumGetObject(datum);
	object = MakeObject(DEMAND_HOUR, CurrentMemoryContext);
	ReadFlat(&object->demand, datum);
	return object;
}

/* A new demand is one of a bucket width: there is none without. */
static void *
ObjectCopy(const void *value)
{
	const DemandObject *from = value;
	DemandObject *object;

	if (from == NULL)
		return NULL;
	object = MakeObject(from->demand.width, CurrentMemoryContext);
	CheckDemandOutcome(DemandMerge(&object->demand, &from->demand));
	return object;
}

/* Only whose a state is; its forms are those of demand_bytes.c and demand_text.c. */
static const StateType demand_type = {
	.name = "demand",.format = DEMAND_FORMAT,.of_datum = ObjectOfDatum,.copy = ObjectCopy
};

/* The first argument as an object to change, a new one of that bucket width for NULL. */
static DemandObject *
StateObject(FunctionCallInfo fcinfo, int64 width)
{
	DemandObject *object = ExpandedStateArgument(fcinfo, &demand_type);

	if (object == NULL)
		object = MakeObject(width, StateContext(fcinfo));
	object->flat_size = 0;
	return object;
}

/* A row that no report can count is left out where what has no price is. */
static bool
IsLeftOut(TimestampTz at, const Usage *usage)
{
	return setting_unpriced == UNPRICED_NULL && (TIMESTAMP_NOT_FINITE(at) || UsageIsBeyond(usage));
}

/* Add the request (at, usage, api_usd) that the arguments from the second on describe. */
static Datum
Accumulate(FunctionCallInfo fcinfo, int64 width)
{
	DemandObject *object;
	Money		usd = 0;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) ||	/* no request */
		IsLeftOut(PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_USAGE(2)))
		return StateUnchanged(fcinfo);
	object = StateObject(fcinfo, width);
	if (object->demand.width != width)
		WidthError();
	if (!PG_ARGISNULL(3))
		usd = MoneyFromNumeric(PG_GETARG_DATUM(3));
	CheckDemandOutcome(DemandAdd(&object->demand, PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_USAGE(2), !PG_ARGISNULL(3), usd));
	PG_RETURN_DATUM(EOHPGetRWDatum(&object->header));
}

Datum
demand_accum(PG_FUNCTION_ARGS)
{
	return Accumulate(fcinfo, DEMAND_HOUR);
}

/* Microseconds of a bucket width. */
static int64
WidthArgument(FunctionCallInfo fcinfo, int argument)
{
	const Interval *interval;
	int64		width;

	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the width of a bucket cannot be null")));
	interval = PG_GETARG_INTERVAL_P(argument);
	if (interval->month != 0 ||
		__builtin_mul_overflow((int64) interval->day, USECS_PER_DAY, &width) ||
		__builtin_add_overflow(width, interval->time, &width) ||
		!DemandWidthIsValid(width))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid width of a bucket"),
				 errdetail("It must be a whole number of minutes, from one minute to seven days.")));
	return width;
}

Datum
demand_accum_width(PG_FUNCTION_ARGS)
{
	return Accumulate(fcinfo, WidthArgument(fcinfo, 4));
}

/* Add the second demand to the first: the transition of merge(), and how partial results are combined. */
Datum
demand_combine(PG_FUNCTION_ARGS)
{
	DemandObject *object;
	const Demand *other;

	if (PG_ARGISNULL(1))
		return StateUnchanged(fcinfo);
	other = PG_GETARG_DEMAND(1);
	object = StateObject(fcinfo, other->width);
	CheckDemandOutcome(DemandMerge(&object->demand, other));
	PG_RETURN_DATUM(EOHPGetRWDatum(&object->header));
}
