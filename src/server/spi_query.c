/*
 * spi_query.c
 *	  Running queries of our tables.
 */
#include "postgres.h"

#include "nodes/parsenodes.h"
#include "utils/builtins.h"

#include "server/compat.h"
#include "server/spi_query.h"

void
SpiQueryBegin(SpiQuery *query, Datum *args)
{
	MemoryContext caller = CurrentMemoryContext;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (query->plan == NULL)
	{
		/* Look-ups by key: planning them for their arguments, as the first five would be, gains nothing. */
		SPIPlanPtr	plan = SPI_prepare_cursor(query->sql, query->nargs, query->types, CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare a query of our tables");
		query->plan = plan;
	}
	if (SPI_execute_plan(query->plan, args, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read our tables");
	MemoryContextSwitchTo(caller);
}

void
SpiQueryEnd(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

Datum
Column(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

int64
Int64Column(uint64 row, int column)
{
	bool		isnull;
	Datum		value = Column(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/* Text of a column in SPI's memory; NULL for NULL. */
char *
TextColumn(uint64 row, int column)
{
	bool		isnull;
	Datum		value = Column(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

const char *
TextOr(const char *value, const char *otherwise)
{
	return value != NULL ? value : otherwise;
}
