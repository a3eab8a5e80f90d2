/*
 * fail.c
 *	  Errors of functions in SQL and PL/pgSQL, told without the inside of ours.
 *
 * A RAISE in a function that others of ours call carries their frames and
 * statements as CONTEXT, which nobody outside can make use of.
 *
 * Invariant: what encloses our outermost frame, the caller's own functions, is
 * told as PostgreSQL tells it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "server/compat.h"

PG_FUNCTION_INFO_V1(fail);

#define FRAME "PL/pgSQL function "
#define OWN_SCHEMAS "inferacct"	/* and inferacct_internal */

static bool
IsOwnSchema(const char *schema)
{
	return strncmp(schema, OWN_SCHEMAS, strlen(OWN_SCHEMAS)) == 0;
}

/* Does a line of a context tell of a frame of one of our functions? */
static bool
IsOwnFrame(const char *line, const char *end)
{
	char	   *name;
	size_t		length;
	CatCList   *functions;
	bool		ours = false;

	if (strncmp(line, FRAME, strlen(FRAME)) != 0)
		return false;
	line += strlen(FRAME);
	length = strcspn(line, "(");
	if (line + length >= end)
		return false;			/* an inline block */
	name = pnstrdup(line, length);
	if (strchr(name, '.') != NULL)
		return IsOwnSchema(name);

	/* Without its schema a function is told that the search_path finds. */
	functions = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	for (int i = 0; i < functions->n_members && !ours; i++)
	{
		Form_pg_proc function = (Form_pg_proc) GETSTRUCT(&functions->members[i]->tuple);

		ours = IsOwnSchema(get_namespace_name(function->pronamespace));
	}
	ReleaseSysCacheList(functions);
	return ours;
}

/* What follows the last line of ours; NULL when nothing does. */
static char *
OutsideOurs(char *context)
{
	char	   *outside = context;

	for (char *line = context; line != NULL && *line != '\0';)
	{
		char	   *end = strchrnul(line, '\n');

		if (IsOwnFrame(line, end))
			outside = *end == '\0' ? NULL : end + 1;
		line = *end == '\0' ? NULL : end + 1;
	}
	return outside;
}

/* fail(sqlstate, message, detail, hint) */
Datum
fail(PG_FUNCTION_ARGS)
{
	char	   *part[4];
	MemoryContext caller = CurrentMemoryContext;
	ErrorData  *error;

	for (int i = 0; i < 4; i++)
		part[i] = PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));
	if (part[0] == NULL || strlen(part[0]) != 5)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no SQLSTATE: %s", part[1] == NULL ? "null" : part[1])));

	/* Nothing but the error itself happens in between: no subtransaction is needed. */
	PG_TRY();
	{
		ereport(ERROR,
				(errcode(MAKE_SQLSTATE(part[0][0], part[0][1], part[0][2], part[0][3], part[0][4])),
				 errmsg_internal("%s", part[1]),
				 part[2] == NULL ? 0 : errdetail_internal("%s", part[2]),
				 part[3] == NULL ? 0 : errhint("%s", part[3])));
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	if (error->context != NULL)
		error->context = OutsideOurs(error->context);
	ReThrowError(error);
	PG_RETURN_NULL();
}
