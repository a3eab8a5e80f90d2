/*
 * usage_change_sql.c
 *	  Trigger that notes which hours of the log a transaction has changed, so that
 *	  refresh_usage() need not look for them.
 *
 * It is a row trigger that fires always: for what is written through the log or
 * straight into a partition, by COPY, by logical replication.  A transaction
 * notes each hour of each partition once, by appending to usage_change, which
 * has no key: writers never wait for one another.  The row is written without
 * regard to the writer's rights, as an index entry is.
 *
 * Invariant: a transaction that commits a change of an hour commits a note of it.
 * What an aborted subtransaction noted is gone with its rows, so nothing is
 * taken for noted after one.
 *
 * Times are microseconds since 2000-01-01 UTC.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "server/compat.h"

PG_FUNCTION_INFO_V1(usage_changed);
PG_FUNCTION_INFO_V1(usage_changes_read);

/* Of a relation as a whole; no row has this hour. */
#define EVERY_HOUR DT_NOBEGIN

typedef struct Noted
{
	Oid			relation;
	int32		zero;			/* no padding in a key */
	TimestampTz hour;
} Noted;

/* What the current transaction has noted; NULL before the first. */
static HTAB *noted = NULL;
static Noted latest;

static void
Forget(void)
{
	noted = NULL;				/* its memory goes with the transaction */
	latest = (Noted) {0};
}

static void
AtTransaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		Forget();
}

static void
AtSubtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB || noted == NULL)
		return;
	hash_destroy(noted);
	Forget();
}

static void
MakeNoted(void)
{
	static bool registered = false;
	HASHCTL		control = {.keysize = sizeof(Noted),.entrysize = sizeof(Noted),.hcxt = TopTransactionContext};

	if (!registered)
	{
		RegisterXactCallback(AtTransaction, NULL);
		RegisterSubXactCallback(AtSubtransaction, NULL);
		registered = true;
	}
	noted = hash_create("inferacct usage changes", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Append a row to usage_change. */
static void
WriteNote(const Noted *note)
{
	Oid			schema = get_namespace_oid("inferacct_internal", true);
	Oid			table = OidIsValid(schema) ? get_relname_relid("usage_change", schema) : InvalidOid;
	Datum		values[2] = {ObjectIdGetDatum(note->relation), TimestampTzGetDatum(note->hour)};
	bool		nulls[2] = {false, false};
	Relation	changes;
	HeapTuple	tuple;

	if (!OidIsValid(table))
		return;					/* the extension is being dropped */
	changes = table_open(table, RowExclusiveLock);
	tuple = heap_form_tuple(RelationGetDescr(changes), values, nulls);
	simple_heap_insert(changes, tuple);
	heap_freetuple(tuple);
	table_close(changes, NoLock);
}

static void
Note(Oid relation, TimestampTz hour)
{
	Noted		note = {.relation = relation,.hour = hour};
	bool		found;

	if (noted != NULL && memcmp(&note, &latest, sizeof(note)) == 0)
		return;
	if (noted == NULL)
		MakeNoted();
	hash_search(noted, &note, HASH_ENTER, &found);
	latest = note;
	if (!found)
		WriteNote(&note);
}

/* Note the hour of a row; one without a time is in none. */
static void
NoteRow(const TriggerData *data, HeapTuple row, int column)
{
	bool		isnull;
	TimestampTz at = DatumGetTimestampTz(heap_getattr(row, column, RelationGetDescr(data->tg_relation), &isnull));
	int64		into;

	if (isnull || TIMESTAMP_NOT_FINITE(at))
		return;
	into = at % USECS_PER_HOUR;
	Note(RelationGetRelid(data->tg_relation), at - into - (into < 0 ? USECS_PER_HOUR : 0));
}

/* Is this column a time?  One without time zone is UTC, and so has the same microseconds. */
static bool
IsTime(const TriggerData *data, int column)
{
	Oid			type = column > 0 ? SPI_gettypeid(RelationGetDescr(data->tg_relation), column) : InvalidOid;

	return type == TIMESTAMPTZOID || (type == TIMESTAMPOID && data->tg_trigger->tgnargs == 2);
}

/* Notes have been deleted, perhaps the transaction's own: what it changes from now on is noted again. */
Datum
usage_changes_read(PG_FUNCTION_ARGS)
{
	if (noted != NULL)
		hash_destroy(noted);
	Forget();
	PG_RETURN_VOID();
}

/* Arguments: the name of the column of time; for a table of others a second one: no error of ours stops its writers. */
Datum
usage_changed(PG_FUNCTION_ARGS)
{
	const TriggerData *data = (TriggerData *) fcinfo->context;
	int			column;

	if (!CALLED_AS_TRIGGER(fcinfo) || data->tg_trigger->tgnargs < 1 || data->tg_trigger->tgnargs > 2)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("usage_changed() is for triggers, with the name of a column")));
	if (!TRIGGER_FIRED_FOR_ROW(data->tg_event))
	{
		Note(RelationGetRelid(data->tg_relation), EVERY_HOUR);
		return PointerGetDatum(NULL);
	}
	column = SPI_fnumber(RelationGetDescr(data->tg_relation), data->tg_trigger->tgargs[0]);
	if (!IsTime(data, column) && data->tg_trigger->tgnargs == 2)
	{
		Note(RelationGetRelid(data->tg_relation), EVERY_HOUR);
		return PointerGetDatum(NULL);
	}
	if (!IsTime(data, column))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("relation \"%s\" has no column \"%s\" of type timestamp with time zone",
						RelationGetRelationName(data->tg_relation), data->tg_trigger->tgargs[0])));
	NoteRow(data, data->tg_trigtuple, column);
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		NoteRow(data, data->tg_newtuple, column);
	return PointerGetDatum(NULL);
}
